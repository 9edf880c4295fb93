//! `kexiang import` of made-up files: what is good goes in, what is bad is told by row and reason, twice is once.

use crate::{http, support::Home};

const HEADER: &str = "external_reference,opened_at,closed_at,channel,kind,category,title,description,severity,district,address,\
                      resolution,caller_name,caller_phone,caller_email,caller_address,caller_kind,need\n";

/// Lines 2–10 of a file: four good rows, one of them over two lines, and five bad ones.
fn file() -> Vec<u8> {
    let rows: [&[u8]; 9] = [
        b"A-1,2026-01-05T09:00:00+08:00,2026-01-05T10:00:00+08:00,HOTLINE,CONSULTATION,hours,Opening hours,,,,,told,Li,13800138000,,,,\n",
        b"A-2,2026-01-05T09:01:00+08:00,,WEB_FORM,FAULT,line,\"No line,\nreally\",,MAJOR,east,,,Wang,,wang@example.com,,,\n",
        b"A-3,2026-01-05T09:02:00+08:00,,PIGEON,FAULT,line,No line,,,,,,Chen,,,,,\n",
        b"A-4,2026-01-05T09:03:00+08:00,,HOTLINE,FAULT,line,No \xff line,,,,,,Zhou,,,,,\n",
        b"A-5,2026-01-05T09:04:00+08:00,,HOTLINE\n",
        b"A-6,2026-01-05T09:05:00+08:00,,HOTLINE,FAULT,line,,,,,,,Sun,,,,,no title\n",
        b"A-7,2026-01-05T09:06:00+08:00,2026-01-05T09:00:00+08:00,HOTLINE,FAULT,line,No line,,,,,done,Wu,,,,,\n",
        b"A-8,2026-01-05T09:07:00+08:00,,HOTLINE,FAULT,line,No line,,,,,,Zheng,,,,,\n",
        b"A-9,2026-01-05T09:08:00+08:00,,EMAIL,COMPLAINT,bill,Wrong bill,,,,,,Feng,,feng@example.com,,,\n",
    ];
    [HEADER.as_bytes(), &rows.concat()].concat()
}

#[test]
fn files_go_in_by_themselves_or_not_at_all() {
    let home = Home::new("import");
    let running = home.up(&[]);

    nothing_is_made_of_a_file_that_is_none(&home);
    bad_rows_are_told_by_row_and_reason_and_a_second_run_changes_nothing(&home);
    agents_who_signed_out_stay_signed_out(&home);
    a_row_without_measure_is_refused_alone(&home);
    a_file_goes_in_through_the_gateway_too(&home);

    assert_eq!(running.stop().0, Some(0));
}

fn nothing_is_made_of_a_file_that_is_none(home: &Home) {
    home.write("other.csv", b"a,b\n1,2\n");

    let missing = home.kexiang(&["import", "nowhere.csv", "--profile", "kexiang"]);
    let other = home.kexiang(&["import", "other.csv", "--profile", "kexiang"]);
    let sites = home.kexiang(&["report", "day"]);

    assert_eq!((missing.code, other.code), (Some(1), Some(1)));
    assert!(missing.err.contains("nowhere.csv can't be read"), "{missing:?}");
    assert!(other.err.contains("the file has no column"), "{other:?}");
    assert!(sites.err.contains("there is no site yet"), "{sites:?}");
}

fn bad_rows_are_told_by_row_and_reason_and_a_second_run_changes_nothing(home: &Home) {
    home.write("cases.csv", &file());
    let import = ["import", "cases.csv", "--profile", "kexiang", "--report", "refused.csv"];

    let first = home.kexiang(&import).well();
    let refused = std::fs::read_to_string(home.file("refused.csv")).unwrap();
    let second = home.kexiang(&import).well();
    let by_channel = home.until(&["report", "breakdown", "--by", "channel", "--format", "csv"], |answer| {
        answer.out.contains(",total,4,1")
    });

    assert!(first.out.contains("4 accepted, 0 already present, 5 refused"), "{first:?}");
    assert!(second.out.contains("0 accepted, 4 already present, 5 refused"), "{second:?}");
    let told: Vec<Vec<_>> = refused.lines().map(|line| line.split(',').take(4).collect()).collect();
    assert_eq!(
        told[..5],
        [
            vec!["row", "external_reference", "field", "reason"],
            vec!["5", "A-3", "contact.channel", "UNKNOWN_VALUE"],
            vec!["6", "", "row", "INVALID_UTF8"],
            vec!["7", "", "row", "FIELD_COUNT"],
            vec!["8", "A-6", "case.title", told[4][3]],
        ]
    );
    assert_eq!(told[5], ["9", "A-7", "close_time", "CLOSED_BEFORE_OPENED"]);
    assert!(first.err.contains("row 5: contact.channel UNKNOWN_VALUE"), "{first:?}");
    assert!(
        !first.err.contains("Chen") && !first.err.contains("PIGEON"),
        "no personal data on the terminal: {first:?}"
    );
    assert!(by_channel.out.contains("channel,HOTLINE,2,1"), "{by_channel:?}");
}

fn agents_who_signed_out_stay_signed_out(home: &Home) {
    let token = std::fs::read_to_string(home.data_dir().join("admin.token")).unwrap();
    let agent = |method, verb: &str, json| {
        http::call(home, method, &format!("/v1/agents/front-office-1{verb}"), &token, json)
    };
    assert!(agent("GET", "", "").contains(r#""PRESENCE_SIGNED_IN""#), "{}", agent("GET", "", ""));
    agent("POST", ":signOut", "{}");

    home.kexiang(&["import", "cases.csv", "--profile", "kexiang"]).well();

    assert!(agent("GET", "", "").contains(r#""PRESENCE_SIGNED_OUT""#), "{}", agent("GET", "", ""));
}

/// Its description alone is more than a message may hold; it is used twice by a profile with one cell in two texts.
fn a_row_without_measure_is_refused_alone(home: &Home) {
    let row = |n: usize, description: &str| {
        format!("L-{n},2026-01-05T09:00:00+08:00,,HOTLINE,FAULT,line,No line,{description},,,,,Li,,,,,\n")
    };
    let rows = [row(1, "short"), row(2, &"x".repeat(3_000_000)), row(3, "short")].concat();
    home.write("long.csv", [HEADER, &rows].concat().as_bytes());
    let profile = home.kexiang(&["import", "--print-profile", "--profile", "kexiang"]).well().out;
    home.write(
        "twice.toml",
        profile.replace(r#"need = ["{need}", "{title}"]"#, r#"need = "{description}""#).as_bytes(),
    );

    let answer = home.kexiang(&["import", "long.csv", "--profile", "twice.toml"]).well();

    assert!(answer.out.contains("2 accepted, 0 already present, 1 refused"), "{answer:?}");
    assert!(answer.err.contains("row 3: row TOO_LONG"), "{answer:?}");
}

fn a_file_goes_in_through_the_gateway_too(home: &Home) {
    let gateway = home.endpoints().gateway;
    let token = home.data_dir().join("admin.token").display().to_string();
    let import = ["import", "cases.csv", "--profile", "kexiang", "--site", "east"];

    let answer =
        home.kexiang(&[&import[..], &["--server", &gateway, "--token-file", &token]].concat()).well();

    assert!(answer.out.contains("4 accepted, 0 already present, 5 refused"), "{answer:?}");
}

#[test]
fn ctrl_c_lets_rows_under_way_finish_and_the_next_run_goes_on() {
    let home = Home::new("import-stop");
    let row = |n: usize| {
        format!("C-{n},2026-01-05T09:00:00+08:00,,WEB_FORM,FAULT,line,No line,,,,,,Li,,li@example.com,,,\n")
    };
    let rows = |from: usize, to: usize| (from..=to).map(row).collect::<String>();
    home.write("all.csv", [HEADER, &rows(1, 20)].concat().as_bytes());
    let running = home.up(&[]);
    let mut import = home.import_of_pipe("pipe.csv", "kexiang");

    import.write(&[HEADER, &rows(1, 10)].concat());
    home.until(&["report", "breakdown", "--by", "state", "--format", "csv"], |answer| {
        answer.out.contains(",total,10,")
    });
    import.interrupt();
    import.until_said("stopping after the rows under way");
    import.write(&rows(11, 11));
    let stopped = import.end();
    let rest = home.kexiang(&["import", "all.csv", "--profile", "kexiang"]).well();

    assert_eq!(stopped.code, Some(130), "{stopped:?}");
    assert!(stopped.out.contains("11 accepted"), "{stopped:?}");
    assert!(rest.out.contains("9 accepted, 11 already present, 0 refused"), "{rest:?}");
    assert_eq!(running.stop().0, Some(0));
}
