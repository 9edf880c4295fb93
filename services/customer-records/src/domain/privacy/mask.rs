//! What a masked field looks like: enough to tell two customers apart while talking, too little to reach anybody.

use super::PersonalField;
use crate::domain::contact_point::{ContactPoint, ContactPointKind};

/// The field that a contact point is.
#[must_use]
pub const fn field_of(kind: ContactPointKind) -> PersonalField {
    match kind {
        ContactPointKind::Phone => PersonalField::Phone,
        ContactPointKind::Email => PersonalField::Email,
        ContactPointKind::Address => PersonalField::Address,
        ContactPointKind::Messaging => PersonalField::Messaging,
    }
}

/// `王小明` as `王**`, whatever its length.
#[must_use]
pub fn name(text: &str) -> String {
    let first: String = text.chars().take(1).collect();
    format!("{first}**")
}

/// A contact point: `+86138****1234`, `j***@example.com`, `昆明***`; of a messaging id `l***`.
#[must_use]
pub fn contact_point(point: &ContactPoint) -> String {
    let (_, text) = point.provider_and_text();
    match point.kind() {
        ContactPointKind::Phone => phone(text),
        ContactPointKind::Email => {
            let (local, domain) = text.split_once('@').unwrap_or((text, ""));
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        ContactPointKind::Messaging => {
            let first: String = text.chars().take(1).collect();
            format!("{first}***")
        }
        ContactPointKind::Address => {
            let begin: String = text.chars().take(2).collect();
            format!("{begin}***")
        }
    }
}

/// The four digits before the last four are hidden; of short numbers all but the last two.
fn phone(text: &str) -> String {
    let digits = text.chars().count();
    let (from, to) = if digits >= 10 { (digits - 8, digits - 4) } else { (1, digits.saturating_sub(2)) };
    text.chars().enumerate().map(|(at, digit)| if (from..to).contains(&at) { '*' } else { digit }).collect()
}

#[cfg(test)]
mod tests {
    use kexiang_core::PhoneNumber;

    use super::*;

    #[test]
    fn masked_fields_tell_apart_and_reach_nobody() {
        let mobile = ContactPoint::phone(&PhoneNumber::parse("13812341234", "CN").unwrap());
        let email = ContactPoint::email("jane.doe@example.com").unwrap();
        let address = ContactPoint::address("昆明市翠湖路 5 号").unwrap();

        assert_eq!(contact_point(&mobile), "+86138****1234");
        assert_eq!(contact_point(&email), "j***@example.com");
        assert_eq!(contact_point(&address), "昆明***");
        assert_eq!(contact_point(&ContactPoint::messaging("WECHAT", "li_na").unwrap()), "l***");
        assert_eq!((name("王小明").as_str(), name("").as_str()), ("王**", "**"));
        assert_eq!(phone("+12345"), "+***45");
    }
}
