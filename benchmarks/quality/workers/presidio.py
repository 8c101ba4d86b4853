"""presidio-analyzer with its predefined pattern recognisers for English; its argument is the least score that counts.

No language model is loaded: words alone serve as lemmas, which its context enhancement asks for.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import spacy  # type: ignore[import-not-found]
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry  # type: ignore[import-not-found]
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine  # type: ignore[import-not-found]

from benchmarks.quality.workers.loop import Found, serve

logging.disable(logging.ERROR)
_NOT_PERSONAL = {"URL", "UUID"}  # it finds them too; the corpus does not ask for them


class Words(NlpEngine):  # type: ignore[misc]
    """Splits text into words and knows nothing else."""

    def __init__(self) -> None:
        self._split = spacy.blank("en")

    def load(self) -> None: ...

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> Any:
        words = self._split(text)
        return NlpArtifacts(
            [], words, [word.idx for word in words], [word.text.lower() for word in words], self, language
        )

    def process_batch(self, texts: Any, language: str, **_: Any) -> Iterator[Any]:
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        return bool(self._split.vocab[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:
        return bool(self._split.vocab[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


def main() -> None:
    """Serve."""
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    engine = AnalyzerEngine(
        registry=registry, nlp_engine=Words(), supported_languages=["en"], default_score_threshold=float(sys.argv[1])
    )
    entities = [entity for entity in engine.get_supported_entities("en") if entity not in _NOT_PERSONAL]

    def find(text: str) -> Found:
        for found in engine.analyze(text, "en", entities=entities):
            yield found.entity_type, found.start, found.end

    serve(find)


if __name__ == "__main__":
    main()
