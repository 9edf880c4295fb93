use proptest::prelude::*;
use uuid::Uuid;

use super::{KeyFileError, KeyRing, SubjectKey, VaultError};

const OLD: &str = "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=";
const NEW: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";

fn ring(current: &str, keys: &[(&str, &str)]) -> Result<KeyRing, KeyFileError> {
    let keys: String = keys.iter().map(|(id, key)| format!("{id} = \"{key}\"\n")).collect();
    KeyRing::parse(&format!("current = \"{current}\"\nindex = \"{OLD}\"\n[keys]\n{keys}"))
}

proptest! {
    #[test]
    fn what_is_sealed_opens_by_the_same_key_for_the_same_place_alone(
        plain in prop::collection::vec(any::<u8>(), 0..300), flip in any::<prop::sample::Index>()
    ) {
        let (key, other) = (SubjectKey::generate().unwrap(), SubjectKey::generate().unwrap());

        let sealed = key.seal("customers.display_name", &plain).unwrap();
        let mut changed = sealed.clone();
        changed[flip.index(sealed.len())] ^= 1;

        prop_assert_eq!(&*key.open("customers.display_name", &sealed).unwrap(), &plain);
        prop_assert_eq!(key.open("contact_points.value", &sealed), Err(VaultError::DoesNotOpen));
        prop_assert_eq!(other.open("customers.display_name", &sealed), Err(VaultError::DoesNotOpen));
        prop_assert_eq!(key.open("customers.display_name", &changed), Err(VaultError::DoesNotOpen));
        prop_assert_eq!(key.open("customers.display_name", &sealed[..sealed.len() / 2]), Err(VaultError::DoesNotOpen));
    }

    #[test]
    fn equal_texts_have_equal_digests_and_tokens_in_one_field(one in ".{0,40}", other in ".{0,40}") {
        let keys = ring("1", &[("1", NEW)]).unwrap();
        let blind = keys.blind();

        prop_assert_eq!(blind.digest("PHONE", &one) == blind.digest("PHONE", &other), one == other);
        prop_assert_eq!(blind.token("name", &one) == blind.token("name", &other), one == other);
        prop_assert!(blind.digest("PHONE", &one) != blind.digest("EMAIL", &one));
    }
}

#[test]
fn a_sealed_text_does_not_show_and_is_never_the_same_twice() {
    let key = SubjectKey::generate().unwrap();

    let (one, two) = (key.seal("x", b"+8613800138000").unwrap(), key.seal("x", b"+8613800138000").unwrap());

    assert_ne!(one, two);
    assert!(!one.windows(5).any(|window| window == b"13800"));
    assert_eq!(key.open_text("x", &one).unwrap(), "+8613800138000");
}

#[test]
fn a_key_is_unwrapped_for_its_customer_by_the_key_that_wrapped_it() {
    let (before, after) =
        (ring("old", &[("old", OLD)]).unwrap(), ring("new", &[("old", OLD), ("new", NEW)]).unwrap());
    let gone = ring("new", &[("new", NEW)]).unwrap();
    let (subject, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let key = SubjectKey::generate().unwrap();

    let wrapped = before.wrap(subject, &key).unwrap();
    let again = after.unwrap(subject, &wrapped).unwrap();
    let rewrapped = after.wrap(subject, &again).unwrap();

    assert_eq!((wrapped.kek_id.as_str(), rewrapped.kek_id.as_str()), ("old", "new"));
    assert_eq!(again.open("x", &key.seal("x", b"1").unwrap()).unwrap().as_slice(), b"1");
    assert_eq!(gone.unwrap(subject, &wrapped).unwrap_err(), VaultError::UnknownKey("old".to_owned()));
    assert_eq!(after.unwrap(other, &wrapped).unwrap_err(), VaultError::DoesNotOpen);
    assert!(gone.unwrap(subject, &rewrapped).is_ok());
}

#[test]
fn a_key_file_that_can_not_work_is_refused_without_showing_it() {
    let short = "c2hvcnQ=";

    let errors = [
        ring("2", &[("1", OLD)]),
        ring("1", &[("1", short)]),
        ring("1", &[("1", "no base64")]),
        KeyRing::parse("current = 1"),
        KeyRing::parse(&format!("current = \"1\"\nindex = \"{short}\"\n[keys]\n1 = \"{OLD}\"")),
    ]
    .map(|read| read.err().map(|error| error.to_string()).unwrap_or_default());

    assert!(
        errors
            .iter()
            .all(|error| !error.is_empty() && !error.contains(short) && !error.contains("no base64"))
    );
}

#[test]
fn a_new_file_can_be_read_and_no_two_are_the_same() {
    let (one, two) = (KeyRing::new_file().unwrap(), KeyRing::new_file().unwrap());

    let ring = KeyRing::parse(&one).unwrap();

    assert_ne!(one, two);
    assert_eq!(
        format!("{ring:?} {:?}", SubjectKey::generate().unwrap()),
        "KeyRing(current 1, 1 keys) SubjectKey(…)"
    );
}
