//! Which numbers the networks of payment cards issue.

/// How many digits tell who issued a card.
pub const PREFIX: usize = 6;
const SHORTEST: usize = 12;
const LONGEST: usize = 19;

/// Numbers of digits, one bit for each.
type Lengths = u32;

/// Issuer identification numbers from `low` to `high` (same number of digits) and the lengths they are issued in.
struct Brand {
    low: &'static [u8],
    high: &'static [u8],
    lengths: Lengths,
    /// Lengths reported without context words; the others are as likely something else.
    sure: Lengths,
}

const fn brand(low: &'static str, high: &'static str, lengths: Lengths, sure: Lengths) -> Brand {
    Brand { low: low.as_bytes(), high: high.as_bytes(), lengths, sure }
}

const fn of(lengths: &[usize]) -> Lengths {
    let (mut all, mut at) = (0, 0);
    while at < lengths.len() {
        all |= 1 << lengths[at];
        at += 1;
    }
    all
}

const NONE: Lengths = 0;
const D14: Lengths = of(&[14]);
const D15: Lengths = of(&[15]);
const D16: Lengths = of(&[16]);
const LONG: Lengths = of(&[16, 17, 18, 19]);
const ANY: Lengths = of(&[12, 13, 14, 15, 16, 17, 18, 19]);

/// ISO/IEC 7812 ranges as the networks publish them.
const BRANDS: [Brand; 48] = [
    brand("4", "4", of(&[13, 16, 19]), D16), // Visa
    brand("51", "55", D16, D16),             // Mastercard
    brand("2221", "2720", D16, D16),         // Mastercard
    brand("34", "34", D15, D15),             // American Express
    brand("37", "37", D15, D15),             // American Express
    brand("300", "305", of(&[14, 16]), D14), // Diners Club
    brand("3095", "3095", of(&[14, 16]), D14),
    brand("36", "36", of(&[14, 16, 19]), D14),
    brand("38", "39", of(&[14, 16]), D14),
    brand("6011", "6011", LONG, D16), // Discover
    brand("622126", "622925", LONG, D16),
    brand("644", "649", LONG, D16),
    brand("65", "65", LONG, D16),
    brand("3528", "3589", LONG, D16),       // JCB
    brand("62", "62", LONG, of(&[16, 19])), // UnionPay
    brand("81", "82", LONG, D16),           // UnionPay, RuPay
    brand("60", "60", D16, D16),            // RuPay
    brand("508", "508", D16, D16),          // RuPay
    brand("2200", "2204", LONG, D16),       // Mir
    brand("5019", "5019", D16, D16),        // Dankort
    brand("5018", "5018", ANY, D16),        // Maestro
    brand("5020", "5020", ANY, D16),
    brand("5038", "5038", ANY, D16),
    brand("5893", "5893", ANY, D16),
    brand("6304", "6304", ANY, D16),
    brand("6759", "6763", ANY, D16),
    brand("50", "50", ANY, NONE), // Maestro's wider ranges, which other networks share
    brand("56", "69", ANY, NONE),
    brand("9792", "9792", D16, D16),                   // Troy
    brand("506099", "506198", of(&[16, 18, 19]), D16), // Verve
    brand("507865", "507964", of(&[16, 18, 19]), D16),
    brand("506699", "506778", D16, D16), // Elo
    brand("509000", "509999", D16, D16),
    brand("504175", "504175", D16, D16),
    brand("627780", "627780", D16, D16),
    brand("636297", "636297", D16, D16),
    brand("636368", "636368", D16, D16),
    brand("637095", "637095", D16, D16), // Hipercard
    brand("637568", "637568", D16, D16),
    brand("506199", "506499", D16, D16), // Carnet
    brand("502275", "502275", D16, D16),
    brand("589562", "589562", D16, D16), // Naranja
    brand("589657", "589657", D16, D16), // Cabal
    brand("604201", "604219", D16, D16),
    brand("8600", "8600", D16, D16), // Uzcard
    brand("9860", "9860", D16, D16), // Humo
    brand("637", "639", D16, D16),   // InstaPayment
    brand("1", "1", D15, NONE),      // UATP
];

impl Brand {
    /// Whether a number that begins so is one of its own. The first digit settles it for most.
    fn issues(&self, prefix: &[u8]) -> bool {
        let digits = &prefix[..self.low.len().min(prefix.len())];
        (self.low.first()..=self.high.first()).contains(&prefix.first()) && self.low <= digits && digits <= self.high
    }
}

/// The lengths of cards that begin with the same digits.
#[derive(Default)]
pub struct Issued {
    lengths: Lengths,
    sure: Lengths,
}

impl Issued {
    /// The lengths of cards that begin with `prefix`, of at least two digits.
    pub fn beginning_with(prefix: &[u8]) -> Self {
        let brands = BRANDS.iter().filter(|brand| prefix.len() > 1 && brand.issues(prefix));
        brands.fold(Self::default(), |all, brand| Self {
            lengths: all.lengths | brand.lengths,
            sure: all.sure | brand.lengths & brand.sure,
        })
    }

    /// The lengths, longest first, each with whether it needs no context.
    pub fn longest_first(&self) -> impl Iterator<Item = (usize, bool)> {
        let has = |lengths: Lengths, length: usize| lengths >> length & 1 == 1;
        (SHORTEST..=LONGEST)
            .rev()
            .filter(move |&length| has(self.lengths, length))
            .map(move |length| (length, has(self.sure, length)))
    }
}
