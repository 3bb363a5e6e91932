//! Nix's own base 32: its alphabet leaves out `e`, `o`, `t`, `u`, and the
//! bits run from the last byte to the first (Nix 2.26.3, `src/libutil/hash.cc`,
//! `printHash32`).

pub(crate) const ALPHABET: &[u8; 32] = b"0123456789abcdfghijklmnpqrsvwxyz";

/// The digits of `bytes`, most significant first.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let digits = (bytes.len() * 8).div_ceil(5);
    (0..digits)
        .rev()
        .map(|digit| char::from(ALPHABET[usize::from(five_bits(bytes, digit * 5))]))
        .collect()
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
    fn agrees_with_nix() {
        // `nix hash to-base32 sha1:…` of 20 bytes, Nix 2.26.3.
        assert_eq!(super::encode(&[0; 20]), "0".repeat(32));
        assert_eq!(super::encode(&[0xff; 20]), "z".repeat(32));
        assert_eq!(super::encode(&[1]), "01");
        assert_eq!(super::encode(&[0xff]), "7z");
    }
}
