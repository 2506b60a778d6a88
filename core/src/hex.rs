//! Lower-case hexadecimal, strict in both directions.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// 32 bytes as 64 lower-case ASCII digits.
pub(crate) fn encode(bytes: &[u8; 32]) -> [u8; 64] {
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0x0f)];
    }
    text
}

/// Exactly 64 lower-case digits, nothing before, between or after them.
pub(crate) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let text: &[u8; 64] = text.try_into().ok()?;
    let (mut bytes, mut all) = ([0; 32], 0);
    // Pair by pair, of which processors take many at a time. (`^` instead of `|` is the same: the shift left zeros.)
    for (byte, pair) in bytes.iter_mut().zip(text.as_chunks::<2>().0) {
        for &character in pair {
            let digit = digit(character);
            all |= digit;
            *byte = *byte << 4 | digit;
        }
    }
    (all <= 15).then_some(bytes)
}

/// What is above 15 is no digit. Without a branch, which no processor could foresee.
const fn digit(character: u8) -> u8 {
    let (number, letter) = (character.wrapping_sub(b'0'), character.wrapping_sub(b'a'));
    if number <= 9 {
        number
    } else if letter <= 5 {
        letter + 10
    } else {
        u8::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn every_byte_there_and_back() {
        for byte in 0..=u8::MAX {
            let bytes = [byte; 32];
            let text = encode(&bytes);
            assert_eq!(std::format!("{byte:02x}").as_bytes(), &text[..2]);
            assert_eq!(decode(&text), Some(bytes));
        }
    }

    #[test]
    fn only_lower_case_digits_count() {
        for byte in 0..=u8::MAX {
            let mut text = [b'0'; 64];
            text[63] = byte;
            let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            assert_eq!(decode(&text).is_some(), is_digit, "{byte}");
        }
    }

    #[test]
    fn only_64_digits_count() {
        for length in (0..200).filter(|&length| length != 64) {
            assert_eq!(decode(&std::vec![b'0'; length]), None);
        }
    }
}
