//! IN-19: what nobody needs is removed, by the clock and by whichever replica comes first; what somebody needs stays.

use std::time::Instant;

use jiff::SignedDuration;
use tonic::Code;

use crate::{
    desk::{Desk, PATIENCE},
    evidence::{photo, work_order},
    wire::refused,
};

const GRACE: SignedDuration = SignedDuration::from_mins(61);

impl Desk {
    /// Waits until evidence is gone, row and all.
    async fn until_unknown(&self, name: &str) {
        let start = Instant::now();
        while self.particulars(name).await.is_ok() {
            assert!(start.elapsed() < PATIENCE, "{name} is still there");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Waits for a sign that the cleaner has been round once more: an upload of long ago that it gives up.
    async fn until_cleaned(&self) {
        let name = self.begun(&work_order()).await;
        let made = "update intake.evidence_uploads set expires_at = 'epoch' where evidence_id = $1";
        let id: uuid::Uuid = name.strip_prefix("evidence/").unwrap().parse().unwrap();
        sqlx::query(made).bind(id).execute(self.pool()).await.unwrap();
        self.until_unknown(&name).await;
    }
}

#[tokio::test]
async fn deleted_bytes_are_removed_after_an_hour_and_not_before() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    desk.delete(&evidence.name).await.unwrap();

    desk.hand.advance(SignedDuration::from_mins(59));
    desk.until_cleaned().await;
    desk.until_cleaned().await;
    let after_59_minutes = desk.evidence.files("sha256").len();
    desk.hand.advance(SignedDuration::from_mins(2));
    desk.until_contents(0).await;

    assert_eq!(after_59_minutes, 1);
    assert!(desk.particulars(&evidence.name).await.is_ok(), "the row stays");
}

#[tokio::test]
async fn bytes_that_other_evidence_has_stay_until_the_last_is_deleted() {
    let desk = Desk::open().await;
    let _replica = desk.replica(4).await;
    let bytes = photo(5_000, 0);
    let first = desk.attach(&work_order(), &bytes).await;
    let second = desk.attach(&work_order(), &bytes).await;

    desk.delete(&first.name).await.unwrap();
    desk.hand.advance(GRACE);
    desk.until_cleaned().await;
    desk.until_cleaned().await;
    let kept = desk.download(&second.name, 0).await.unwrap();
    desk.delete(&second.name).await.unwrap();
    desk.hand.advance(GRACE);
    desk.until_contents(0).await;
    let third = desk.attach(&work_order(), &bytes).await;

    assert_eq!(kept, bytes);
    assert_eq!(desk.download(&third.name, 0).await.unwrap(), bytes);
}

#[tokio::test]
async fn the_same_content_that_comes_back_within_the_hour_is_saved_from_removal() {
    let desk = Desk::open().await;
    let bytes = photo(5_000, 0);
    let first = desk.attach(&work_order(), &bytes).await;
    desk.delete(&first.name).await.unwrap();
    let before = desk.evidence.files("sha256");

    let second = desk.attach(&work_order(), &bytes).await;
    desk.hand.advance(GRACE);
    desk.until_cleaned().await;
    desk.until_cleaned().await;

    assert_eq!(desk.evidence.files("sha256"), before, "nothing was written again, nothing removed");
    assert_eq!(desk.download(&second.name, 0).await.unwrap(), bytes);
}

#[tokio::test]
async fn an_upload_without_a_chunk_for_a_day_is_given_up_with_all_that_came() {
    let desk = Desk::open().await;
    let (parent, bytes) = (work_order(), photo(3_000, 0));
    let (lively, left) = (desk.begun(&parent).await, desk.begun(&parent).await);
    for name in [&lively, &left] {
        desk.append(name, 0, &bytes[..1_000]).await.unwrap();
    }

    desk.hand.advance(SignedDuration::from_hours(23));
    desk.append(&lively, 1_000, &bytes[1_000..2_000]).await.unwrap();
    desk.hand.advance(SignedDuration::from_hours(2));
    desk.until_unknown(&left).await;
    let late = desk.append(&left, 1_000, &bytes[1_000..]).await.unwrap_err();
    desk.append(&lively, 2_000, &bytes[2_000..]).await.unwrap();
    desk.finish(&lively).await.unwrap();
    desk.hand.advance(GRACE);

    desk.until_files("staging", 0).await;
    assert_eq!(refused(&late), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(desk.attached(&parent, true).await, [lively.as_str()]);
    assert_eq!(desk.download(&lively, 0).await.unwrap(), bytes);
}
