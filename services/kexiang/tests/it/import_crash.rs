//! kill -9 of everything in the middle of an import: the same command brings in the rest, nothing twice (OP-4, IN-14).

use std::collections::BTreeMap;

use kexiang_proto::intake_v1::ListCasesRequest;

use crate::{
    crash::{cases, cases_of_orders, connect, register_numbers},
    support::{Home, received},
};

const ROWS: i64 = 3_000;
/// Cases that are in before the kill.
const BEFORE_KILL: i32 = 500;
const CHANNELS: [&str; 3] = ["HOTLINE", "WEB_FORM", "WALK_IN"];
const HEADER: &str = "external_reference,opened_at,closed_at,channel,kind,category,title,description,severity,district,address,\
                      resolution,caller_name,caller_phone,caller_email,caller_address,caller_kind,need\n";

/// Every tenth case is still open, the others took an hour.
fn row(number: i64) -> String {
    let channel = CHANNELS[usize::try_from(number).unwrap() % CHANNELS.len()];
    let closed = if number % 10 == 0 { "" } else { "2026-01-05T10:00:00+08:00" };
    format!("K-{number},2026-01-05T09:00:00+08:00,{closed},{channel},FAULT,line,No line,,,,,,Li,,,,,\n")
}

async fn until_some_are_in(home: &Home) {
    let mut client = connect(home).await;
    let request =
        ListCasesRequest { site: "sites/main".into(), page_size: BEFORE_KILL, ..Default::default() };
    loop {
        // The site is not there at first.
        let page = client.intake.list_cases(request.clone()).await;
        if page.is_ok_and(|page| !page.into_inner().next_page_token.is_empty()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_goes_on_and_figures_equal_the_file() {
    let home = Home::new("import-crash");
    home.write("rows.csv", [HEADER.to_owned(), (0..ROWS).map(row).collect()].concat().as_bytes());
    let import = ["import", "rows.csv", "--profile", "kexiang"];

    let running = home.up(&[]);
    let broken_off = std::thread::scope(|scope| {
        let importing = scope.spawn(|| home.kexiang(&import));
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(until_some_are_in(&home)));
        running.kill();
        importing.join().unwrap()
    });
    let running = home.up(&[]);
    let before = cases(&mut connect(&home).await, "sites/main").await.len();
    let gone_on = home.kexiang(&import).well();
    let by_channel = home.until(&["report", "breakdown", "--by", "channel", "--format", "csv"], |answer| {
        received(&answer.out).values().sum::<i64>() == ROWS
    });
    let by_state = home.until(&["report", "breakdown", "--by", "state", "--format", "csv"], |answer| {
        received(&answer.out).get("DISPATCHED") == Some(&(ROWS / 10))
    });

    assert_eq!(broken_off.code, Some(1), "{broken_off:?}");
    assert!(broken_off.err.contains("run the same command again"), "{broken_off:?}");
    let rest = i64::try_from(before).map(|before| ROWS - before).unwrap();
    assert!(rest > 0 && rest < ROWS, "it was killed in the middle: {rest} rows were left");
    assert!(
        gone_on.out.contains(&format!("{rest} accepted, {before} already present, 0 refused")),
        "{gone_on:?}"
    );
    let third = |channel: &str| (channel.to_owned(), ROWS / 3);
    assert_eq!(received(&by_channel.out), CHANNELS.map(third).into());
    let states = [("CLOSED".to_owned(), ROWS - ROWS / 10), ("DISPATCHED".to_owned(), ROWS / 10)];
    assert_eq!(received(&by_state.out), BTreeMap::from(states));
    let mut client = connect(&home).await;
    assert_eq!(register_numbers(&mut client, "sites/main").await, (1..=ROWS).collect::<Vec<_>>());
    assert_eq!(i64::try_from(cases_of_orders(&mut client, "sites/main").await.len()), Ok(ROWS / 10));
    assert_eq!(running.stop().0, Some(0));
}
