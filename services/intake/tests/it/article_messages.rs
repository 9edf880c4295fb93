//! Real Chinese: citizens' messages as articles, each found by the words of its title (IN-9). Runs when the messages
//! lie beside the project.

use std::{fs, path::Path};

use futures::{StreamExt, stream};
use kexiang_proto::intake_v1::SearchArticlesRequest;

use crate::{
    desk::Desk,
    shelf::{answer, title},
};

const MESSAGES: &str = "../../../shared/data/zh_messages.csv";
/// Every so many messages one is looked for.
const EVERY: usize = 3;

/// Title and body of the messages, each title once.
fn messages(file: &Path) -> Vec<(String, String)> {
    let text = fs::read(file).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_slice());
    let mut messages: Vec<(String, String)> = Vec::new();
    for row in rows.records() {
        let row = row.unwrap();
        let (title, body) = (row[2].trim().to_owned(), row[4].trim().to_owned());
        let fits = !title.is_empty() && !body.is_empty() && title.chars().count() <= 300;
        if fits && messages.iter().all(|(known, _)| *known != title) {
            messages.push((title, body));
        }
    }
    messages
}

#[tokio::test]
async fn messages_are_found_by_the_words_of_their_titles() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(MESSAGES);
    if !file.exists() {
        println!("skipped: zh_messages.csv does not lie in ../shared/data beside the project");
        return;
    }
    let desk = Desk::open().await;
    let messages = messages(&file);
    let publish = |(title, body): &(String, String)| desk.publish(answer(title, body));
    stream::iter(&messages).map(publish).buffer_unordered(4).collect::<Vec<_>>().await;

    let (mut asked, mut first, mut found) = (0, 0, 0);
    for (wanted, _) in messages.iter().step_by(EVERY) {
        let request = SearchArticlesRequest { query: wanted.clone(), page_size: 10, ..Default::default() };
        let titles: Vec<_> = desk.find(request).await.hits.iter().map(title).collect();
        asked += 1;
        first += usize::from(titles.first() == Some(wanted));
        found += usize::from(titles.contains(wanted));
    }

    println!("{} messages; of {asked}: {first} first, {found} among ten", messages.len());
    assert!(asked > 100 && found * 100 >= asked * 98, "recall@10: {found} of {asked}");
    assert!(first * 100 >= asked * 90, "first: {first} of {asked}");
}

#[tokio::test]
async fn messages_are_found_by_half_of_the_words_of_their_titles() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(MESSAGES);
    if !file.exists() {
        println!("skipped: zh_messages.csv does not lie in ../shared/data beside the project");
        return;
    }
    let desk = Desk::open().await;
    let messages = messages(&file);
    let publish = |(title, body): &(String, String)| desk.publish(answer(title, body));
    stream::iter(&messages).map(publish).buffer_unordered(4).collect::<Vec<_>>().await;

    let (mut asked, mut found) = (0, 0);
    for (wanted, _) in messages.iter().step_by(EVERY) {
        let words = kexiang_intake::domain::knowledge::query::ask(wanted);
        let every_second: Vec<_> = words.iter().step_by(2).map(|word| word.text.as_str()).collect();
        if every_second.len() < 2 {
            continue;
        }
        let query = format!("{} 另外", every_second.join(" "));
        let request = SearchArticlesRequest { query, page_size: 10, ..Default::default() };
        asked += 1;
        found += usize::from(desk.find(request).await.hits.iter().any(|hit| title(hit) == *wanted));
    }

    println!("of {asked}: {found} among ten");
    assert!(found * 10 >= asked * 9, "recall@10: {found} of {asked}");
}
