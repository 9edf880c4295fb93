//! `kexiang report day` of a made-up day, in its three formats.

use crate::support::Home;

/// A day of the plain form: two calls, one closed after an hour, and a form.
const DAY: &str = "external_reference,opened_at,closed_at,channel,kind,category,title,description,severity,district,address,\
                   resolution,caller_name,caller_phone,caller_email,caller_address,caller_kind,need
B-1,2026-02-03T09:00:00+08:00,2026-02-03T10:00:00+08:00,HOTLINE,CONSULTATION,hours,Opening hours,,,,,told,Li,,,,,
B-2,2026-02-03T23:59:59+08:00,,HOTLINE,FAULT,line,No line,,,,,,Wang,,,,,
B-3,2026-02-03T00:00:00+08:00,,WEB_FORM,FAULT,line,No line,,,,,,Chen,,chen@example.com,,,
B-4,2026-02-04T00:00:00+08:00,,WEB_FORM,FAULT,line,The next day,,,,,,Zhou,,zhou@example.com,,,
";

#[test]
fn the_day_of_a_site_is_reported_as_table_json_and_csv() {
    let home = Home::new("report");
    home.write("day.csv", DAY.as_bytes());
    let running = home.up(&[]);
    home.kexiang(&["import", "day.csv", "--profile", "kexiang"]).well();
    let day = ["report", "day", "--date", "2026-02-03", "--format"];

    let csv = home.until(&[&day[..], &["csv"]].concat(), |answer| {
        answer.out.contains(",total,3,1,3600,3600") && answer.out.contains("unit,units/front-office,2")
    });
    let json = home.kexiang(&[&day[..], &["json"]].concat()).well();
    let table = home.kexiang(&[&day[..], &["table"]].concat()).well();
    let today = home.kexiang(&["report", "day", "--format", "csv"]).well();

    assert!(csv.out.contains("channel,HOTLINE,2,1,3600,3600\n"), "{csv:?}");
    assert!(csv.out.contains("channel,WEB_FORM,1,0,,\n"), "{csv:?}");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["site"], &json["timeZone"]), (&"sites/main".into(), &"Asia/Shanghai".into()));
    assert_eq!(json["lines"][0]["received"], 3);
    assert!(json["definitions"].as_array().is_some_and(|definitions| !definitions.is_empty()), "{json}");
    assert!(table.out.contains("1h 0m"), "{table:?}");
    assert!(today.out.contains(",total,0,0,,"), "{today:?}");
    assert_eq!(running.stop().0, Some(0));
}
