//! Nix's own base 32: its alphabet leaves out `e`, `o`, `t`, `u`, and the
//! bits run from the last byte to the first (Nix 2.26.3, `src/libutil/hash.cc`,
//! `printHash32`).

const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// Whether it is in the alphabet, without a search: a hook that queues a thousand paths reads 32
/// thousand digits.
pub(crate) fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
        || (byte.is_ascii_lowercase() && !matches!(byte, b'e' | b'o' | b't' | b'u'))
}

/// The digits of a SHA-1, most significant first.
pub(crate) fn encode(sha1: &[u8; 20]) -> String {
    let mut text = String::with_capacity(32);
    // Five bytes are eight digits.
    for five in sha1.rchunks(5) {
        let number = five
            .iter()
            .rfold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        let digits = (0..8).rev().map(|digit| number >> (5 * digit) & 0x1f);
        text.extend(digits.map(|digit| char::from(ALPHABET[digit as usize])));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_digits_are_those_of_the_alphabet() {
        for byte in 0..=u8::MAX {
            let is_in = super::ALPHABET.contains(&byte);
            assert_eq!(super::is_digit(byte), is_in, "{byte}");
        }
    }

    #[test]
    fn agrees_with_nix() {
        // `nix hash to-base32 sha1:…` of 20 bytes, Nix 2.26.3 and 2.34.8.
        assert_eq!(super::encode(&[0; 20]), "0".repeat(32));
        assert_eq!(super::encode(&[0xff; 20]), "z".repeat(32));
        let counted = std::array::from_fn(|i| i as u8);
        assert_eq!(super::encode(&counted), "2c91240g1q6hq2qa1440f1h50h1h4080");
    }
}
