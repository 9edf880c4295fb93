//! The methods of CustomerRecordsService, one short script each.

use kexiang_core::PhoneNumber;
use kexiang_proto::customers_v1::{self as pb, customer_records_service_server::CustomerRecordsService};
use kexiang_rpc::{Caller, PageRequest, Violations, field};
use tonic::{Request, Response, Status};

use super::{
    convert, search,
    status::{read, status},
    update, view,
};
use crate::{
    app::App,
    domain::{contact_point::ContactPoint, privacy::sight::Sight},
};

/// The service on the wire.
#[derive(Clone)]
pub struct CustomerRecords {
    app: App,
}

impl CustomerRecords {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl CustomerRecordsService for CustomerRecords {
    async fn create_customer(
        &self,
        request: Request<pb::CreateCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "CreateCustomer", request_id, &mut violations)?;
        let request = request.into_inner();
        let profile = violations.required("customer", request.customer.as_ref()).and_then(|customer| {
            convert::profile(customer, convert::region(&request.phone_region), &mut violations)
        });
        let (call, profile) = read(violations, call.zip(profile))?;

        let customer = self.app.create_customer(&call, profile).await.map_err(status)?;
        Ok(Response::new(convert::customer(&customer, &Sight::of(call.roles))))
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let mut violations = Violations::default();
        let sight = Sight::of(Caller::of(&request)?.roles);
        let id = convert::customer_name("name", &request.get_ref().name, &mut violations);
        let id = read(violations, id)?;

        let customer = self.app.get_customer(id).await.map_err(status)?;
        Ok(Response::new(convert::customer(&customer, &sight)))
    }

    async fn update_customer(
        &self,
        request: Request<pb::UpdateCustomerRequest>,
    ) -> Result<Response<pb::Customer>, Status> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "UpdateCustomer", request_id, &mut violations)?;
        let request = request.into_inner();
        let customer = violations.required("customer", request.customer.as_ref());
        let update = customer.and_then(|customer| {
            let id = convert::customer_name("customer.name", &customer.name, &mut violations);
            let etag = violations.check("customer.etag", field::etag(&customer.etag));
            let change = update::change(&request, customer, &mut violations);
            Some((id?, change?, etag?))
        });
        let (call, (id, change, etag)) = read(violations, call.zip(update))?;

        let customer = self.app.update_customer(&call, id, change, etag).await.map_err(status)?;
        Ok(Response::new(convert::customer(&customer, &Sight::of(call.roles))))
    }

    async fn list_customers(
        &self,
        request: Request<pb::ListCustomersRequest>,
    ) -> Result<Response<pb::ListCustomersResponse>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let request = request.into_inner();
        let filter = pb::ListCustomersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let region = convert::region(&request.phone_region);
        let wanted = request
            .contact_point
            .as_ref()
            .map(|point| convert::contact_point(point, region, "contact_point", &mut violations));
        let page = read(violations, page)?;
        let wanted = wanted.flatten().as_ref().map(ContactPoint::key);

        let mut customers =
            self.app.list_customers(wanted, page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut customers, |customer| customer.customer_id);
        let customers = customers.iter().map(|customer| convert::customer(customer, &sight)).collect();
        Ok(Response::new(pb::ListCustomersResponse { customers, next_page_token }))
    }

    async fn search_customers(
        &self,
        request: Request<pb::SearchCustomersRequest>,
    ) -> Result<Response<pb::SearchCustomersResponse>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let request = request.into_inner();
        let filter =
            pb::SearchCustomersRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let mut violations = Violations::default();
        let search = search::search(&request, &mut violations);
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let (search, page) = read(violations, search.zip(page))?;

        let found = self.app.search_customers(&search, page.after, page.limit + 1).await.map_err(status)?;
        let (mut customers, incomplete) = (found.customers, found.incomplete);
        let next_page_token = page.cut(&mut customers, |(_, rank)| *rank);
        let customers = customers.iter().map(|(customer, _)| convert::customer(customer, &sight)).collect();
        Ok(Response::new(pb::SearchCustomersResponse { customers, next_page_token, incomplete }))
    }

    async fn get_customer_view(
        &self,
        request: Request<pb::GetCustomerViewRequest>,
    ) -> Result<Response<pb::CustomerView>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let mut violations = Violations::default();
        let id = convert::customer_name("name", &request.get_ref().name, &mut violations);
        let id = read(violations, id)?;

        let viewed = self.app.get_customer_view(id).await.map_err(status)?;
        Ok(Response::new(view::to_wire(&viewed, &sight, self.app.clock().now())))
    }

    async fn recognise_caller(
        &self,
        request: Request<pb::RecogniseCallerRequest>,
    ) -> Result<Response<pb::Recognition>, Status> {
        let sight = Sight::of(Caller::of(&request)?.roles);
        let request = request.into_inner();
        let mut violations = Violations::default();
        let phone = PhoneNumber::parse(&request.phone, convert::region(&request.phone_region));
        let phone = violations.check(convert::phone_field(&phone), phone);
        let phone = read(violations, phone)?;

        let caller = self.app.recognise_caller(&phone).await.map_err(status)?;
        Ok(Response::new(convert::recognition(caller.as_ref(), &sight)))
    }

    async fn list_timeline_entries(
        &self,
        request: Request<pb::ListTimelineEntriesRequest>,
    ) -> Result<Response<pb::ListTimelineEntriesResponse>, Status> {
        let request = request.into_inner();
        let filter = pb::ListTimelineEntriesRequest { parent: request.parent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let customer = convert::customer_name("parent", &request.parent, &mut violations);
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let (customer, page) = read(violations, customer.zip(page))?;

        let entries = self.app.list_timeline_entries(customer, page.after, page.limit + 1).await;
        let mut entries = entries.map_err(status)?;
        let next_page_token = page.cut(&mut entries, |(_, key)| *key);
        let timeline_entries = entries.iter().map(|(entry, _)| convert::timeline_entry(entry)).collect();
        Ok(Response::new(pb::ListTimelineEntriesResponse { timeline_entries, next_page_token }))
    }
}
