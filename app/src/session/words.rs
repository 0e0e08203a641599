//! A line of words as a shell takes it apart: quotes keep spaces together, a backslash takes the next
//! character as it is. Nothing else of a shell is here: no variables, no patterns.

/// The words of a line.
///
/// # Errors
/// What is missing, in words for beside the field.
pub fn split_words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('\'') => break,
                        Some(inside) => word.push(inside),
                        None => return Err("a quote \' is not closed".to_owned()),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next() {
                        Some('"') => break,
                        Some('\\') => match characters.next() {
                            Some(escaped @ ('"' | '\\')) => word.push(escaped),
                            Some(other) => word.extend(['\\', other]),
                            None => return Err("a quote \" is not closed".to_owned()),
                        },
                        Some(inside) => word.push(inside),
                        None => return Err("a quote \" is not closed".to_owned()),
                    }
                }
            }
            '\\' => match characters.next() {
                Some(escaped) => word.get_or_insert_default().push(escaped),
                None => return Err("nothing stands behind the \\ at the end".to_owned()),
            },
            space if space.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A line that [`split_words`] takes apart into these words.
pub fn join_words(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    quoted.join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain =
        |character: char| !character.is_whitespace() && !matches!(character, '\'' | '"' | '\\');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if !word.contains('\'') {
        return format!("'{word}'");
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_and_put_together_again() {
        let words = split_words(r#"  -n 3 'two words' "a \"quote\" \n" x\ y '' ü"#);
        let expected = ["-n", "3", "two words", r#"a "quote" \n"#, "x y", "", "ü"];
        assert_eq!(words, Ok(expected.map(str::to_owned).to_vec()));
        for words in [vec!["it's", "\"\\", ""], vec!["a b", "\\"], vec![]] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            assert_eq!(split_words(&join_words(&words)), Ok(words));
        }
    }

    #[test]
    fn what_is_not_closed_is_told() {
        assert!(split_words("a 'b").is_err());
        assert!(split_words("a \"b\\").is_err());
        assert!(split_words("a\\").is_err());
    }
}
