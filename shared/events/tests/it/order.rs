//! The two promises, each against the naive way that breaks it.

use sqlx::{Connection, PgConnection};

use crate::foundation::{Ground, append, draw_id, horizon_reaches};
use kexiang_events::window::Position;

/// What a cursor on the sequence would read next.
async fn read_by_sequence(connection: &mut PgConnection, cursor: &mut i64) -> Vec<String> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "select event_seq, subject from events_test.event_log where event_seq > $1 order by event_seq",
    )
    .bind(*cursor)
    .fetch_all(connection)
    .await
    .unwrap();
    *cursor = rows.last().map_or(*cursor, |(seq, _)| *seq);
    rows.into_iter().map(|(_, subject)| subject).collect()
}

/// What windows of transaction ids alone would read next.
async fn read_by_transaction(connection: &mut PgConnection, cursor: &mut i64) -> Vec<i64> {
    let horizon: i64 = sqlx::query_scalar("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    let sql = "select (data->>'nr')::bigint from events_test.event_log
               where transaction_id >= $1 and transaction_id < $2 order by event_seq";
    let read = sqlx::query_scalar(sql).bind(*cursor).bind(horizon).fetch_all(connection).await.unwrap();
    *cursor = horizon;
    read
}

#[tokio::test]
async fn a_plain_sequence_cursor_loses_an_event_that_commits_late_and_the_feed_does_not() {
    let ground = Ground::lay().await;
    let (mut slow, mut quick, mut reader) =
        (ground.connect().await, ground.connect().await, ground.connect().await);
    let (mut sequence, mut position) = (0, Position::default());

    let mut late = slow.begin().await.unwrap();
    append(&ground.log, &mut late, "things/late", 1).await;
    append(&ground.log, &mut quick, "things/early", 2).await;
    let mut naive = read_by_sequence(&mut reader, &mut sequence).await;
    let mut ours = ground.read_on(&mut reader, &mut position).await;
    late.commit().await.unwrap();
    let newest = draw_id(&mut quick).await;
    horizon_reaches(&mut reader, newest).await;
    naive.extend(read_by_sequence(&mut reader, &mut sequence).await);
    ours.extend(ground.read_on(&mut reader, &mut position).await);

    assert_eq!(naive, ["things/early"], "the naive cursor went past the event that committed late");
    assert_eq!(ours, [("things/late".to_owned(), 1), ("things/early".to_owned(), 2)]);
}

#[tokio::test]
async fn windows_of_transaction_ids_alone_tear_the_order_of_a_subject_and_the_feed_does_not() {
    let ground = Ground::lay().await;
    let (mut a, mut b, mut c, mut reader) =
        (ground.connect().await, ground.connect().await, ground.connect().await, ground.connect().await);
    let (mut transactions, mut position) = (0, Position::default());

    // A draws its transaction id first and changes the subject last; C, between A and B, holds the horizon.
    let mut early_id = a.begin().await.unwrap();
    draw_id(&mut early_id).await;
    let mut holder = c.begin().await.unwrap();
    let held = draw_id(&mut holder).await;
    append(&ground.log, &mut b, "things/a", 1).await;
    append(&ground.log, &mut early_id, "things/a", 2).await;
    early_id.commit().await.unwrap();
    horizon_reaches(&mut reader, held).await;
    let mut naive = read_by_transaction(&mut reader, &mut transactions).await;
    let mut ours = ground.read_on(&mut reader, &mut position).await;
    let last = draw_id(&mut b).await;
    holder.commit().await.unwrap();
    horizon_reaches(&mut reader, last).await;
    naive.extend(read_by_transaction(&mut reader, &mut transactions).await);
    ours.extend(ground.read_on(&mut reader, &mut position).await);

    assert_eq!(naive, [2, 1], "the naive window gave the later change first");
    assert_eq!(ours, [("things/a".to_owned(), 1), ("things/a".to_owned(), 2)]);
}

#[tokio::test]
async fn a_log_longer_than_a_window_is_read_whole_and_in_order() {
    let ground = Ground::lay().await;
    let mut connection = ground.connect().await;
    for nr in 0..700 {
        append(&ground.log, &mut connection, &format!("things/{}", nr % 7), nr).await;
    }
    let mut large = connection.begin().await.unwrap();
    for nr in 700..1500 {
        append(&ground.log, &mut large, "things/large", nr).await;
    }
    large.commit().await.unwrap();
    let last = draw_id(&mut connection).await;
    horizon_reaches(&mut connection, last).await;

    let read = ground.read_on(&mut connection, &mut Position::default()).await;

    assert_eq!(read.into_iter().map(|(_, nr)| nr).collect::<Vec<_>>(), (0..1500).collect::<Vec<_>>());
}
