"""Credentials of model vendors and of what stands around models: search, vectors, tracing."""

from __future__ import annotations

from typing import Final

from secure_gateway.plugins.guardrails.scanner.finding import Detector
from secure_gateway.plugins.guardrails.scanner.secrets_table import short, token

MODEL_DETECTORS: Final[tuple[Detector, ...]] = (
    token("anthropic", "ANTHROPIC_KEY", r"sk-ant-", r"sk-ant-[\w-]{24,}", "Anthropic API reference"),
    token("openai", "OPENAI_KEY", r"T3BlbkFJ|sk-(?:proj|svcacct|admin|None)-", r"sk-(?:[\w-]*T3BlbkFJ[\w-]{16,}|(?:proj|svcacct|admin|None)-[\w-]{32,})",
          "OpenAI API reference"),
    token("openrouter", "OPENROUTER_KEY", r"sk-or-v", r"sk-or-v\d-[a-f0-9]{40,}", "OpenRouter authentication"),
    token("langfuse", "LANGFUSE_KEY", r"sk-lf-", r"sk-lf-[a-f0-9]{8}-[a-f0-9-]{27}", "Langfuse API keys"),
    short("openai_short", "API_KEY", r"sk-[A-Za-z0-9]{8}", r"sk-[A-Za-z0-9]{20,}\b", "the sk- convention of model vendors (DeepSeek, Moonshot, DashScope)"),
    short("openai_named", "API_KEY", r"sk-[a-z0-9]{2,12}-[\w-]{8}", r"sk-[a-z0-9]{2,12}-[\w-]{24,}", "the sk- convention of model vendors, with a name"),
    token("huggingface", "HUGGINGFACE_TOKEN", r"hf_[A-Za-z0-9]{8}|api_org_", r"(?:hf|api_org)_[A-Za-z0-9]{30,}", "Hugging Face user access tokens"),
    short("replicate", "REPLICATE_TOKEN", r"r8_[A-Za-z0-9]{8}", r"r8_[A-Za-z0-9]{30,}", "Replicate API tokens"),
    short("groq", "GROQ_KEY", r"gsk_[A-Za-z0-9]{8}", r"gsk_[A-Za-z0-9]{32,}", "Groq API keys"),
    short("xai", "XAI_KEY", r"xai-[A-Za-z0-9]{8}", r"xai-[A-Za-z0-9]{40,}", "xAI API keys"),
    token("perplexity", "PERPLEXITY_KEY", r"pplx-[A-Za-z0-9]{8}", r"pplx-[A-Za-z0-9]{32,}", "Perplexity API keys"),
    short("fireworks", "FIREWORKS_KEY", r"fw_[A-Za-z0-9]{8}", r"fw_[A-Za-z0-9]{20,}", "Fireworks API keys"),
    token("elevenlabs", "ELEVENLABS_KEY", r"sk_[a-f0-9]{8}", r"sk_[a-f0-9]{48}\b", "ElevenLabs API keys"),
    token("nvidia", "NVIDIA_KEY", r"nvapi-", r"nvapi-[\w-]{40,}", "NVIDIA NGC API keys"),
    token("langsmith", "LANGSMITH_KEY", r"lsv2_(?:pt|sk)_", r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}\b", "LangSmith API keys"),
    token("pinecone", "PINECONE_KEY", r"pcsk_[A-Za-z0-9]{4}", r"pcsk_[A-Za-z0-9]{4,8}_[A-Za-z0-9]{40,}", "Pinecone API keys"),
    token("tavily", "TAVILY_KEY", r"tvly-", r"tvly-(?:(?:dev|prod)-)?[A-Za-z0-9-]{24,}", "Tavily API keys"),
    token("cerebras", "CEREBRAS_KEY", r"csk-[a-z0-9]{8}", r"csk-[a-z0-9]{40,}", "Cerebras API keys"),
    token("together", "TOGETHER_KEY", r"tgp_v\d_", r"tgp_v\d_[\w-]{40,}", "Together AI API keys"),
    token("firecrawl", "FIRECRAWL_KEY", r"fc-[a-f0-9]{8}", r"fc-[a-f0-9]{32}\b", "Firecrawl API keys"),
    token("jina", "JINA_KEY", r"jina_[\w-]{8}", r"jina_[\w-]{50,}", "Jina AI API keys"),
    short("voyage", "VOYAGE_KEY", r"pa-[\w-]{8}", r"pa-[\w-]{43}\b", "Voyage AI API keys"),
    token("runpod", "RUNPOD_KEY", r"rpa_[A-Z0-9]{8}", r"rpa_[A-Z0-9]{32,}[A-Za-z0-9]*", "RunPod API keys"),
    token("e2b", "E2B_KEY", r"e2b_[a-f0-9]{8}", r"e2b_[a-f0-9]{40}\b", "E2B API keys"),
    token("llamaindex", "LLAMA_CLOUD_KEY", r"llx-[A-Za-z0-9]{8}", r"llx-[A-Za-z0-9]{40,}", "LlamaCloud API keys"),
    token("browserbase", "BROWSERBASE_KEY", r"bb_live_", r"bb_live_[\w-]{24,}", "Browserbase API keys"),
    token("apify", "APIFY_TOKEN", r"apify_(?:api|proxy)_", r"apify_(?:api|proxy)_[A-Za-z0-9]{30,}", "Apify API tokens"),
    short("modal", "MODAL_TOKEN", r"a[ks]-[A-Za-z0-9]{8}", r"a[ks]-[A-Za-z0-9]{22}\b", "Modal token ids and secrets"),
)  # fmt: skip
