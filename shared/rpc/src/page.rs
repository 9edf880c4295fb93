//! Keyset paging (AIP-158): a page token is the last row's key, bound to the list and the filter that it
//! was made with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::{Message, Name};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::field::Violations;

const DEFAULT_SIZE: i64 = 50;
const LARGEST_SIZE: i64 = 1_000;

/// One page of a list, to be read from the store with `limit + 1` rows.
#[derive(Debug, Clone)]
pub struct PageRequest<K> {
    /// Rows on this page.
    pub limit: i64,
    /// The key of the last row of the page before; `None` for the first page.
    pub after: Option<K>,
    filter: String,
}

/// The token was not made by this list with this filter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("was not given out by this list with this filter")]
pub struct InvalidPageToken;

#[derive(Serialize, Deserialize)]
struct Token<K> {
    filter: String,
    after: K,
}

impl<K: Serialize + DeserializeOwned> PageRequest<K> {
    /// Reads size and token; `filter` is the request with its page fields cleared. Its type stands for the list: two lists
    /// without a filter have the same bytes, but not the same rows.
    pub fn read<M: Message + Name>(
        size: i32,
        token: &str,
        filter: &M,
        violations: &mut Violations,
    ) -> Option<Self> {
        let list = Sha256::new().chain_update(M::full_name()).chain_update([0]);
        let filter = list.chain_update(filter.encode_to_vec()).finalize();
        let filter = URL_SAFE_NO_PAD.encode(&filter[..12]);
        let limit = match i64::from(size) {
            0 => Some(DEFAULT_SIZE),
            1.. => Some(i64::from(size).min(LARGEST_SIZE)),
            _ => violations.check("page_size", Err("must not be negative")),
        };
        let after = violations.check("page_token", Self::decode(token, &filter));
        Some(Self { limit: limit?, after: after?, filter })
    }

    fn decode(token: &str, filter: &str) -> Result<Option<K>, InvalidPageToken> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidPageToken)?;
        let token: Token<K> = serde_json::from_slice(&bytes).map_err(|_| InvalidPageToken)?;
        if token.filter == filter { Ok(Some(token.after)) } else { Err(InvalidPageToken) }
    }

    /// Cuts the row read too many and makes the token of the next page; empty on the last one.
    pub fn cut<T>(&self, rows: &mut Vec<T>, key: impl FnOnce(&T) -> K) -> String {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if rows.len() <= limit {
            return String::new();
        }
        rows.truncate(limit);
        let Some(last) = rows.last() else { return String::new() };
        let token = Token { filter: self.filter.clone(), after: key(last) };
        serde_json::to_vec(&token).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use kexiang_proto::intake_v1::{ListCasesRequest, ListContactsRequest};

    use super::*;

    fn read(size: i32, token: &str, filter: &ListCasesRequest) -> (Option<PageRequest<i64>>, Violations) {
        let mut violations = Violations::default();
        let page = PageRequest::read(size, token, filter, &mut violations);
        (page, violations)
    }

    #[test]
    fn a_token_goes_on_after_the_last_row_of_its_own_list() {
        let filter = ListCasesRequest { site: "sites/main".into(), ..Default::default() };
        let mut rows = vec![10, 11, 12];

        let token = read(2, "", &filter).0.unwrap().cut(&mut rows, |row| *row);

        assert_eq!(rows, [10, 11]);
        assert_eq!(read(2, &token, &filter).0.unwrap().after, Some(11));
        let other = ListCasesRequest { site: "sites/other".into(), ..Default::default() };
        assert!(read(2, &token, &other).0.is_none(), "another filter refuses the token");
    }

    #[test]
    fn a_token_of_one_list_is_none_of_another() {
        let all_cases = ListCasesRequest::default();
        let token = read(1, "", &all_cases).0.unwrap().cut(&mut vec![1, 2], |row| *row);
        let mut violations = Violations::default();

        let contacts = PageRequest::<i64>::read(1, &token, &ListContactsRequest::default(), &mut violations);

        assert!(contacts.is_none());
        assert_eq!(read(1, &token, &all_cases).0.unwrap().after, Some(1));
    }

    #[test]
    fn bad_size_and_bad_token_are_reported_together() {
        let (page, violations) = read(-1, "nonsense", &ListCasesRequest::default());

        assert!(page.is_none());
        assert_eq!(
            violations.iter().map(|(field, ..)| field).collect::<Vec<_>>(),
            ["page_size", "page_token"]
        );
    }
}
