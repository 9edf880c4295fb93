//! What callers say: one fault report at a property's hotline, in the length of real ones.
//!
//! Every field that is filled here is filled by `pgbench/accept.sql` too, and no other; `check.rs` compares.

use kexiang_proto::{
    intake_v1::{AcceptCaseRequest, Caller, Case, Contact, ImportCasesRequest},
    type_v1::{Channel, CustomerKind, Kind, Severity},
};
use prost_types::{Duration, Timestamp};
use uuid::Uuid;

/// The next call of a caller at this site. Phone, house and request id differ from call to call.
pub fn accept_case(site: &str) -> AcceptCaseRequest {
    let request_id = Uuid::new_v4();
    let [phone, house] = [100_000_000, 1_000].map(|below| request_id.as_u128() % below);
    AcceptCaseRequest {
        contact: Some(contact(site, &format!("+86138{phone:08}"), house)),
        case: Some(case(house)),
        request_id: request_id.to_string(),
    }
}

/// An item of another system, open or closed there a day after it came in, a month ago.
pub fn import_item(site: &str, nr: u32, received_second: i64) -> ImportCasesRequest {
    let house = u128::from(nr % 1_000);
    let time = |seconds| Some(Timestamp { seconds, nanos: 0 });
    ImportCasesRequest {
        item: nr.into(),
        contact: Some(Contact {
            contact_time: time(received_second),
            ..contact(site, &format!("+86138{:08}", nr % 100_000_000), house)
        }),
        case: Some(Case { external_reference: format!("old-{nr}"), ..case(house) }),
        close_time: time(received_second + 86_400),
        resolution: "线路已修复,楼道照明恢复正常。".to_owned(),
    }
}

fn contact(site: &str, phone: &str, house: u128) -> Contact {
    let seconds = |seconds| Some(Duration { seconds, nanos: 0 });
    Contact {
        site: format!("sites/{site}"),
        channel: Channel::Hotline.into(),
        caller: Some(Caller {
            display_name: "王建国".to_owned(),
            phone: phone.to_owned(),
            address: format!("锦绣花园{house}栋2单元501室"),
            kind: CustomerKind::Person.into(),
            ..Caller::default()
        }),
        need: format!(
            "锦绣花园{house}栋2单元楼道的灯已经三天不亮,晚上老人上下楼很不方便,之前向物业前台反映过一次,\
             一直没有人来修,希望今天能安排师傅上门检查线路并给一个答复。"
        ),
        ring_duration: seconds(6),
        wait_duration: seconds(12),
        talk_duration: seconds(148),
        called_number: "4008001234".to_owned(),
        ..Contact::default()
    }
}

fn case(house: u128) -> Case {
    Case {
        kind: Kind::Fault.into(),
        category: "public-lighting".to_owned(),
        title: format!("{house}栋2单元楼道照明不亮"),
        description: format!(
            "{house}栋2单元三层至五层楼道灯不亮三天,疑似线路故障,客户要求当天上门并电话答复。"
        ),
        district: "grid-07".to_owned(),
        address: format!("锦绣花园{house}栋2单元"),
        severity: Severity::Normal.into(),
        ..Case::default()
    }
}
