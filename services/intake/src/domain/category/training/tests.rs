use kexiang_core::Timestamp;

use super::*;

const WORDS: [(&str, &str); 3] =
    [("net", "宽带 断线 网络 光猫"), ("bill", "账单 扣费 退款 话费"), ("shop", "营业厅 排队 服务 态度")];

fn case(nr: u64) -> ClosedCase {
    let (category, words) = WORDS[usize::try_from(nr % 3).unwrap()];
    let mut words: Vec<_> = words.split(' ').collect();
    words.remove(usize::try_from(nr / 3 % 4).unwrap());
    let at = Timestamp::from_second(1_700_000_000).unwrap();
    ClosedCase {
        id: CaseId::from_uuid(uuid::Uuid::from_u64_pair(nr, nr.wrapping_mul(0x9e37_79b9_7f4a_7c15))),
        closed_at: at,
        category: category.into(),
        title: words[0].into(),
        description: words.join("，"),
    }
}

fn collected(cases: &[ClosedCase], batch: usize) -> Collection {
    let mut collection = Collection::default();
    for batch in cases.chunks(batch) {
        collection.take(batch);
    }
    collection
}

#[test]
fn training_tells_how_good_it_is_on_cases_that_it_never_saw() {
    let cases: Vec<_> = (0..300).map(case).collect();

    let (classifier, report) = collected(&cases, 100).train().unwrap();

    assert_eq!((report.case_count, report.rare_case_count, report.category_count), (300, 0, 3));
    assert!((30..=90).contains(&report.held_out_count), "{report:?}");
    assert!(
        report.top_one_accuracy > 0.95 && report.top_three_accuracy >= report.top_one_accuracy,
        "{report:?}"
    );
    assert_eq!(report.confusions.iter().map(|c| c.case_count).sum::<usize>(), report.held_out_count);
    assert_eq!(classifier.suggest(&bag_of("宽带", "又断线了"))[0].category, "net");
}

#[test]
fn the_same_cases_in_another_order_give_the_same_model() {
    let cases: Vec<_> = (0..90).map(case).collect();
    let backwards: Vec<_> = cases.iter().rev().cloned().collect();

    assert_eq!(collected(&cases, 7).train().unwrap(), collected(&backwards, 50).train().unwrap());
}

#[test]
fn too_few_cases_or_categories_are_refused() {
    let few: Vec<_> = (0..49).map(case).collect();
    let alike: Vec<_> = (0..300).filter(|nr| nr % 3 == 0).map(case).collect();

    assert_eq!(collected(&few, 10).train().unwrap_err(), TooFewCases { cases: 49, categories: 3 });
    assert_eq!(collected(&alike, 10).train().unwrap_err(), TooFewCases { cases: 100, categories: 1 });
}

#[test]
fn categories_with_few_cases_are_left_out_and_counted() {
    let mut cases: Vec<_> = (0..90).map(case).collect();
    for rare in &mut cases[..4] {
        rare.category = "rare".into();
    }

    let (_, report) = collected(&cases, 10).train().unwrap();

    assert_eq!((report.case_count, report.rare_case_count, report.category_count), (86, 4, 3));
}

#[test]
fn mistakes_are_counted_by_what_they_were_taken_for() {
    // Every sixth text of `net` is filed under `bill`, against its words.
    let cases: Vec<_> = (0..300)
        .map(|nr| if nr % 18 == 0 { ClosedCase { category: "bill".into(), ..case(nr) } } else { case(nr) })
        .collect();

    let (_, report) = collected(&cases, 100).train().unwrap();

    let bill = report.confusions.iter().find(|confusion| confusion.category == "bill").unwrap();
    assert!(report.top_one_accuracy < 1.0, "{report:?}");
    assert_eq!(bill.mistakes, [("net".to_owned(), bill.case_count - bill.right_count)]);
}

#[test]
fn more_cases_than_are_learnt_from_are_told() {
    let mut collection = Collection::default();
    let batch: Vec<_> = (0..MOST_CASES as u64).map(case).collect();

    assert!(collection.take(&batch));
    assert!(!collection.take(&[case(0)]), "no further batch is wanted");
    let (_, report) = collection.train().unwrap();

    assert_eq!((report.case_count, report.capped), (MOST_CASES, true));
}
