//! The main job on real input: the whole San Francisco file, when it lies beside the project.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use kexiang::client::ServerArgs;
use kexiang_proto::dispatch_v1::{ListWorkOrdersRequest, WorkOrder, WorkOrderState};

use crate::support::{Home, Running, received};

const ROWS: i64 = 10_000;

/// The file's channels in our words, written down here a second time.
const CHANNELS: [(&str, &str); 7] = [
    ("Phone", "HOTLINE"),
    ("Web", "WEB_FORM"),
    ("Mobile/Open311", "WEB_FORM"),
    ("Twitter", "MESSAGING"),
    ("Integrated Agency", "PARTNER"),
    ("Other Department", "PARTNER"),
    ("Email", "EMAIL"),
];

#[test]
fn figures_of_the_imported_file_equal_its_recount() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sf311.csv");
    if !file.exists() {
        println!("skipped: sf311.csv does not lie in ../shared/data beside the project");
        return;
    }
    let home = Home::new("sf311");
    let running = home.up(&[]);

    let import = home.kexiang(&["import", &file.display().to_string(), "--profile", "sf311"]).well();

    assert!(import.out.contains("10000 accepted") && import.out.contains("0 refused"), "{import:?}");
    let recount = Recount::of(&file);
    let open = recount.by_state["DISPATCHED"];
    home.until(&["report", "breakdown", "--by", "state", "--format", "csv"], |answer| {
        received(&answer.out) == recount.by_state
    });
    let by = |dimension| {
        received(&home.kexiang(&["report", "breakdown", "--by", dimension, "--format", "csv"]).well().out)
    };
    assert_eq!(by("channel"), recount.by_channel);
    assert_eq!(by("category"), recount.by_category);
    assert_eq!(by("channel").values().sum::<i64>(), ROWS);
    assert_open_ones_are_assigned(&home, open);
    stop(running);
}

fn stop(running: Running) {
    assert_eq!(running.stop().0, Some(0));
}

/// Cases of the file by state, channel and category.
struct Recount {
    by_state: BTreeMap<String, i64>,
    by_channel: BTreeMap<String, i64>,
    by_category: BTreeMap<String, i64>,
}

impl Recount {
    fn of(file: &PathBuf) -> Self {
        let mut reader = csv::Reader::from_path(file).unwrap();
        let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(Result::unwrap).collect();
        let channels = BTreeMap::from(CHANNELS);
        let count = |key: &dyn Fn(&BTreeMap<String, String>) -> String| {
            let mut counts = BTreeMap::new();
            rows.iter().for_each(|row| *counts.entry(key(row)).or_insert(0) += 1);
            counts
        };
        Self {
            by_state: count(&|row| if row["status"] == "Open" { "DISPATCHED" } else { "CLOSED" }.to_owned()),
            by_channel: count(&|row| channels[row["source"].as_str()].to_owned()),
            by_category: count(&|row| row["category"].trim().to_owned()),
        }
    }
}

fn assert_open_ones_are_assigned(home: &Home, open: i64) {
    let orders = tokio::runtime::Runtime::new().unwrap().block_on(work_orders(home));

    assert_eq!(i64::try_from(orders.len()), Ok(open));
    assert!(orders.iter().all(|order| order.state() == WorkOrderState::Assigned
        && !order.agent.is_empty()
        && !order.unit.is_empty()));
}

async fn work_orders(home: &Home) -> Vec<WorkOrder> {
    let server = ServerArgs { data_dir: home.data_dir(), server: None, token_file: None };
    let mut client = server.connect().await.unwrap();
    let request =
        ListWorkOrdersRequest { site: "sites/sf311".to_owned(), page_size: 1000, ..Default::default() };
    let page = client.dispatch.list_work_orders(request).await.unwrap().into_inner();
    assert!(page.next_page_token.is_empty());
    page.work_orders
}
