use super::*;

fn routes() -> Routes {
    Routes::of(&DescriptorPool::decode(kexiang_proto::DESCRIPTOR_SET).unwrap()).unwrap()
}

fn found(method: &Method, path: &str) -> Result<String, Missing> {
    routes().find(method, &RequestPath::parse(path)).map(|route| route.grpc_path.to_string())
}

#[test]
fn every_annotated_method_of_the_contract_has_a_route() {
    let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto/kexiang/intake/v1");
    let protos =
        std::fs::read_dir(contract).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()));
    let annotated: usize = protos.map(|proto| proto.unwrap().matches("google.api.http").count()).sum();

    let of_intake = routes().iter().filter(|route| route.backend == Backend::Intake).count();

    assert!(annotated > 10);
    assert_eq!(of_intake, annotated);
}

#[test]
fn method_and_path_lead_to_the_rpc() {
    let intake = |rpc: &str| Ok(format!("/kexiang.intake.v1.IntakeService/{rpc}"));

    assert_eq!(found(&Method::POST, "/v1/cases"), intake("AcceptCase"));
    assert_eq!(found(&Method::GET, "/v1/cases"), intake("ListCases"));
    assert_eq!(found(&Method::GET, "/v1/cases/7"), intake("GetCase"));
    assert_eq!(found(&Method::POST, "/v1/cases/7:resolve"), intake("ResolveCase"));
    assert_eq!(
        found(&Method::GET, "/v1/customers:recognise").unwrap(),
        "/kexiang.customers.v1.CustomerRecordsService/RecogniseCaller"
    );
}

#[test]
fn an_unknown_path_is_told_from_a_wrong_method() {
    assert_eq!(found(&Method::GET, "/v1/nothing"), Err(Missing::Path));
    assert_eq!(found(&Method::POST, "/v1/cases/7:explode"), Err(Missing::Path));
    assert_eq!(found(&Method::DELETE, "/v1/cases/7"), Err(Missing::Method(vec![Method::GET])));
    assert_eq!(found(&Method::PUT, "/v1/cases"), Err(Missing::Method(vec![Method::POST, Method::GET])));
}

#[test]
fn methods_without_annotation_and_event_feeds_have_no_route() {
    let routes = routes();

    assert!(routes.iter().all(|route| route.rpc.name() != "BatchGetContacts"));
    assert!(routes.iter().all(|route| route.rpc.parent_service().name() != "EventFeedService"));
}
