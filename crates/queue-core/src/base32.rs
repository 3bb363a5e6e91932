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

/// The digits of `bytes`, most significant first.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digits = (bytes.len() * 8).div_ceil(5);
    let mut text = String::with_capacity(digits);
    for digit in (0..digits).rev() {
        text.push(char::from(
            ALPHABET[usize::from(five_bits(bytes, digit * 5))],
        ));
    }
    text
}

fn five_bits(bytes: &[u8], bit: usize) -> u8 {
    let (byte, shift) = (bit / 8, bit % 8);
    let low = u16::from(bytes[byte]);
    let high = u16::from(bytes.get(byte + 1).copied().unwrap_or(0));
    (((high << 8 | low) >> shift) & 0x1f) as u8
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
        // `nix hash to-base32 sha1:…` of 20 bytes, Nix 2.26.3.
        assert_eq!(super::encode(&[0; 20]), "0".repeat(32));
        assert_eq!(super::encode(&[0xff; 20]), "z".repeat(32));
        assert_eq!(super::encode(&[1]), "01");
        assert_eq!(super::encode(&[0xff]), "7z");
    }
}
