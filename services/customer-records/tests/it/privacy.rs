//! Who sees what of a customer, that every unmasking is kept, and what is exported (CU-14).

use kexiang_core::Role;
use kexiang_proto::customers_v1::{
    Customer, CustomerDataRow, EraseCustomerRequest, Erasure, ExportCustomerDataRequest, GetCustomerRequest,
    LegalHold, ListUnmaskingsRequest, PersonalField, PlaceLegalHoldRequest, UnmaskCustomerRequest,
    UnmaskCustomerResponse, UnmaskPurpose, UnmaskingFacts, contact_point::Kind,
    customer_records_service_client::CustomerRecordsServiceClient,
    privacy_service_client::PrivacyServiceClient,
};
use tonic::{Code, Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    center::{Bearer, Center, START},
    wire::{caller, contact, refused, violations},
};

pub type Client = PrivacyServiceClient<InterceptedService<Channel, Bearer>>;

impl Center {
    /// Speaks to the privacy service as somebody with this role.
    pub fn privacy(&self, role: Role) -> Client {
        let (channel, bearer) = self.as_role("chen.jie", &[role]);
        PrivacyServiceClient::with_interceptor(channel, bearer)
    }

    /// Gets a customer as somebody with this role.
    pub async fn get_as(&self, role: Role, name: &str) -> Customer {
        let (channel, bearer) = self.as_role("chen.jie", &[role]);
        let request = GetCustomerRequest { name: name.to_owned() };
        let mut client = CustomerRecordsServiceClient::with_interceptor(channel, bearer);
        client.get_customer(request).await.unwrap().into_inner()
    }

    /// Unmasks name and phone for this purpose.
    pub async fn unmask(
        &self,
        role: Role,
        name: &str,
        purpose: UnmaskPurpose,
    ) -> Result<UnmaskCustomerResponse, Status> {
        let request = UnmaskCustomerRequest {
            name: name.to_owned(),
            purpose: purpose.into(),
            fields: vec![PersonalField::Name.into(), PersonalField::Phone.into()],
            request_id: "8f9619ff-8b86-4d01-b42d-00cf4fc964ff".to_owned(),
        };
        self.privacy(role).unmask_customer(request).await.map(tonic::Response::into_inner)
    }

    /// Erases a customer as a manager, or tells why not.
    pub async fn erase(&self, name: &str) -> Result<Erasure, Status> {
        let reason = kexiang_proto::customers_v1::ErasureReason::CustomerRequest.into();
        let request = EraseCustomerRequest { name: name.to_owned(), reason, ..Default::default() };
        self.privacy(Role::Manager).erase_customer(request).await.map(tonic::Response::into_inner)
    }

    /// Places a hold as a manager, or tells why not.
    pub async fn hold(&self, customer: &str) -> Result<LegalHold, Status> {
        let request = PlaceLegalHoldRequest {
            customer: customer.to_owned(),
            reference: "(2026) 云01民初 42".to_owned(),
            ..Default::default()
        };
        self.privacy(Role::Manager).place_legal_hold(request).await.map(tonic::Response::into_inner)
    }
}

fn shown(customer: &Customer) -> (&str, Vec<&str>) {
    let points = customer.contact_points.iter().map(|point| point.value.as_str()).collect();
    (&customer.display_name, points)
}

async fn wang(center: &Center) -> Customer {
    let points =
        [(Kind::Phone, "13812341234"), (Kind::Email, "xm@example.com"), (Kind::Address, "昆明市翠湖路 5 号")];
    center.create("王小明", &points).await
}

#[tokio::test]
async fn each_role_sees_what_it_needs_and_the_rest_masked() {
    let center = Center::open().await;
    let customer = wang(&center).await;

    let seen = [Role::Agent, Role::Dispatcher, Role::Manager, Role::Technician];
    let mut answers = Vec::new();
    for role in seen {
        answers.push(center.get_as(role, &customer.name).await);
    }

    let clear = vec!["+8613812341234", "xm@example.com", "昆明市翠湖路 5 号"];
    let masked = vec!["+86138****1234", "x***@example.com", "昆明***"];
    assert_eq!(shown(&answers[0]), ("王小明", clear.clone()));
    assert_eq!(shown(&answers[1]), ("王**", vec![masked[0], masked[1], clear[2]]));
    assert_eq!(shown(&answers[2]), ("王小明", masked.clone()));
    assert_eq!(shown(&answers[3]), ("王**", masked));
    assert!(answers[0].masked_fields.is_empty() && answers[3].masked_fields.len() == 5);
}

#[tokio::test]
async fn an_unmasking_shows_what_was_asked_for_and_is_kept_once() {
    let center = Center::open().await;
    let customer = wang(&center).await;

    let one = center.unmask(Role::Technician, &customer.name, UnmaskPurpose::FieldVisit).await.unwrap();
    let again = center.unmask(Role::Technician, &customer.name, UnmaskPurpose::FieldVisit).await.unwrap();

    assert_eq!(again, one);
    let seen = one.customer.unwrap();
    assert_eq!(shown(&seen), ("王小明", vec!["+8613812341234", "x***@example.com", "昆明***"]));
    let request = ListUnmaskingsRequest { customer: customer.name.clone(), ..Default::default() };
    let kept = center.privacy(Role::Administrator).list_unmaskings(request).await.unwrap().into_inner();
    assert_eq!(kept.unmaskings, [one.unmasking.unwrap()]);
    assert_eq!(kept.unmaskings[0].actor, "agents/chen.jie");
    let told = center.told().await;
    let facts: UnmaskingFacts = told[1].data.as_ref().unwrap().to_msg().unwrap();
    assert_eq!((told[1].r#type.as_str(), facts.customer), ("customer.unmasked", customer.name));
    let changed = sqlx::query("delete from customer_records.unmaskings").execute(&center.pool).await;
    assert!(changed.is_err(), "unmaskings are append-only");
}

#[tokio::test]
async fn who_has_no_purpose_unmasks_nothing_and_leaves_no_trace_of_it() {
    let center = Center::open().await;
    let customer = wang(&center).await;

    let purpose =
        center.unmask(Role::Technician, &customer.name, UnmaskPurpose::LegalDuty).await.unwrap_err();
    let empty = center.privacy(Role::Manager).unmask_customer(UnmaskCustomerRequest::default()).await;
    let auditor = center.privacy(Role::Agent).list_unmaskings(ListUnmaskingsRequest::default()).await;

    assert_eq!(refused(&purpose), (Code::PermissionDenied, "PURPOSE_NOT_ALLOWED".into()));
    assert_eq!(violations(&empty.unwrap_err()), ["name", "purpose", "fields"]);
    assert_eq!(refused(&auditor.unwrap_err()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    assert_eq!(center.told().await.len(), 1);
}

#[tokio::test]
async fn an_export_holds_everything_in_clear_and_is_kept_as_an_unmasking() {
    let center = Center::open().await;
    center.intake.register(vec![contact(caller("王小明", "13812341234"), START)]);
    center.settle().await;
    let customer = center.customer_of_phone("13812341234").await;

    let request = ExportCustomerDataRequest { name: customer.name.clone(), ..Default::default() };
    let mut stream =
        center.privacy(Role::Supervisor).export_customer_data(request).await.unwrap().into_inner();
    let mut rows: Vec<CustomerDataRow> = Vec::new();
    while let Some(row) = stream.message().await.unwrap() {
        rows.push(row);
    }

    let kinds: Vec<_> = rows.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, ["customer", "contact_point", "contact", "timeline_entry", "unmasking"]);
    let text = format!("{rows:?}");
    assert!(text.contains("王小明") && text.contains("+8613812341234"), "{text}");
}
