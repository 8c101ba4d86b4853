//! Short keys in which nothing was found: the same few stand in most payloads.

const SLOTS: usize = 256;
const LONGEST_KEPT: usize = 31;

/// Keys that are clean. Each has one place, which the next one takes.
pub struct CleanKeys {
    /// The length of a key, and the key.
    slots: Box<[[u8; 1 + LONGEST_KEPT]]>,
}

impl Default for CleanKeys {
    fn default() -> Self {
        Self { slots: vec![[0; 1 + LONGEST_KEPT]; SLOTS].into_boxed_slice() }
    }
}

impl CleanKeys {
    /// Return the place of a key and what stands there when it is kept; None for one that is too long.
    fn slot(&mut self, key: &str) -> Option<(&mut [u8; 1 + LONGEST_KEPT], [u8; 1 + LONGEST_KEPT])> {
        let mut spelt = [0; 1 + LONGEST_KEPT];
        spelt[0] = u8::try_from(key.len()).ok()?;
        spelt.get_mut(1..=key.len())?.copy_from_slice(key.as_bytes());
        let hash = key
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let place = usize::try_from(hash >> 32).ok()? % SLOTS;
        Some((&mut self.slots[place], spelt))
    }

    /// Whether this one is known to be clean.
    pub fn has(&mut self, key: &str) -> bool {
        self.slot(key).is_some_and(|(slot, spelt)| *slot == spelt)
    }

    /// Know that this one is.
    pub fn keep(&mut self, key: &str) {
        if let Some((slot, spelt)) = self.slot(key) {
            *slot = spelt;
        }
    }
}
