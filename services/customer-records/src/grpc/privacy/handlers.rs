//! The methods of PrivacyService, one short script each.

use std::pin::Pin;

use futures::{Stream, stream};
use kexiang_proto::customers_v1::{self as pb, privacy_service_server::PrivacyService};
use kexiang_rpc::{PageRequest, Violations, field};
use tonic::{Request, Response, Status};

use super::{convert, status::status};
use crate::{
    app::App,
    domain::privacy::{MAX_REFERENCE, sight::Sight},
    grpc::{convert as customers, status::read},
};

/// The service on the wire.
#[derive(Clone)]
pub struct Privacy {
    app: App,
}

impl Privacy {
    /// Serves the use cases of `app`.
    #[must_use]
    pub const fn new(app: App) -> Self {
        Self { app }
    }
}

#[tonic::async_trait]
impl PrivacyService for Privacy {
    type ExportCustomerDataStream = Pin<Box<dyn Stream<Item = Result<pb::CustomerDataRow, Status>> + Send>>;

    async fn unmask_customer(
        &self,
        request: Request<pb::UnmaskCustomerRequest>,
    ) -> Result<Response<pb::UnmaskCustomerResponse>, Status> {
        let mut violations = Violations::default();
        let call =
            kexiang_rpc::call(&request, "UnmaskCustomer", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id = customers::customer_name("name", &request.name, &mut violations);
        let purpose = convert::purpose(request.purpose, &mut violations);
        let fields = convert::fields(&request.fields, &mut violations);
        let wanted = id.zip(purpose).zip(fields);
        let (call, ((id, purpose), fields)) = read(violations, call.zip(wanted))?;

        let sight = Sight::of(call.roles).and(&fields);
        let unmasked = self.app.unmask_customer(&call, id, purpose, fields).await;
        let (customer, unmasking) = unmasked.map_err(status)?;
        Ok(Response::new(pb::UnmaskCustomerResponse {
            customer: Some(customers::customer(&customer, &sight)),
            unmasking: Some(convert::unmasking(&unmasking)),
        }))
    }

    async fn list_unmaskings(
        &self,
        request: Request<pb::ListUnmaskingsRequest>,
    ) -> Result<Response<pb::ListUnmaskingsResponse>, Status> {
        let request = request.into_inner();
        let filter = pb::ListUnmaskingsRequest { customer: request.customer.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let customer = violations.check("customer", field::optional(&request.customer, field::name));
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let (customer, page) = read(violations, customer.zip(page))?;

        let found = self.app.list_unmaskings(customer, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |unmasking| unmasking.unmasking_id);
        let unmaskings = found.iter().map(convert::unmasking).collect();
        Ok(Response::new(pb::ListUnmaskingsResponse { unmaskings, next_page_token }))
    }

    async fn export_customer_data(
        &self,
        request: Request<pb::ExportCustomerDataRequest>,
    ) -> Result<Response<Self::ExportCustomerDataStream>, Status> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "ExportCustomerData", request_id, &mut violations)?;
        let id = customers::customer_name("name", &request.get_ref().name, &mut violations);
        let (call, id) = read(violations, call.zip(id))?;

        let rows = self.app.export_customer_data(&call, id).await.map_err(status)?;
        let rows = rows.into_iter().map(|(kind, row)| Ok(convert::row(kind, row)));
        Ok(Response::new(Box::pin(stream::iter(rows))))
    }

    async fn erase_customer(
        &self,
        request: Request<pb::EraseCustomerRequest>,
    ) -> Result<Response<pb::Erasure>, Status> {
        let mut violations = Violations::default();
        let call =
            kexiang_rpc::call(&request, "EraseCustomer", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id = customers::customer_name("name", &request.name, &mut violations);
        let reason = convert::reason(request.reason, &mut violations);
        let etag = violations.check("etag", field::etag(&request.etag));
        let (call, ((id, reason), etag)) = read(violations, call.zip(id.zip(reason).zip(etag)))?;

        let erasure = self.app.erase_customer(&call, id, reason, etag).await.map_err(status)?;
        Ok(Response::new(convert::erasure(&erasure)))
    }

    async fn get_erasure(
        &self,
        request: Request<pb::GetErasureRequest>,
    ) -> Result<Response<pb::Erasure>, Status> {
        let mut violations = Violations::default();
        let id = violations.check("name", field::name(&request.get_ref().name));
        let id = read(violations, id)?;

        let erasure = self.app.get_erasure(id).await.map_err(status)?;
        Ok(Response::new(convert::erasure(&erasure)))
    }

    async fn list_erasures(
        &self,
        request: Request<pb::ListErasuresRequest>,
    ) -> Result<Response<pb::ListErasuresResponse>, Status> {
        let request = request.into_inner();
        let filter = pb::ListErasuresRequest::default();
        let mut violations = Violations::default();
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let page = read(violations, page)?;

        let mut found = self.app.list_erasures(page.after, page.limit + 1).await.map_err(status)?;
        let next_page_token = page.cut(&mut found, |erasure| erasure.erasure_id);
        let erasures = found.iter().map(convert::erasure).collect();
        Ok(Response::new(pb::ListErasuresResponse { erasures, next_page_token }))
    }

    async fn place_legal_hold(
        &self,
        request: Request<pb::PlaceLegalHoldRequest>,
    ) -> Result<Response<pb::LegalHold>, Status> {
        let mut violations = Violations::default();
        let call =
            kexiang_rpc::call(&request, "PlaceLegalHold", &request.get_ref().request_id, &mut violations)?;
        let request = request.into_inner();
        let id = customers::customer_name("customer", &request.customer, &mut violations);
        let reference = violations.check("reference", field::text(&request.reference, MAX_REFERENCE));
        let (call, (id, reference)) = read(violations, call.zip(id.zip(reference)))?;

        let hold = self.app.place_legal_hold(&call, id, reference).await.map_err(status)?;
        Ok(Response::new(convert::legal_hold(&hold)))
    }

    async fn release_legal_hold(
        &self,
        request: Request<pb::ReleaseLegalHoldRequest>,
    ) -> Result<Response<pb::LegalHold>, Status> {
        let mut violations = Violations::default();
        let request_id = &request.get_ref().request_id;
        let call = kexiang_rpc::call(&request, "ReleaseLegalHold", request_id, &mut violations)?;
        let request = request.into_inner();
        let id = violations.check("name", field::name(&request.name));
        let etag = violations.check("etag", field::etag(&request.etag));
        let (call, (id, etag)) = read(violations, call.zip(id.zip(etag)))?;

        let hold = self.app.release_legal_hold(&call, id, etag).await.map_err(status)?;
        Ok(Response::new(convert::legal_hold(&hold)))
    }

    async fn list_legal_holds(
        &self,
        request: Request<pb::ListLegalHoldsRequest>,
    ) -> Result<Response<pb::ListLegalHoldsResponse>, Status> {
        let request = request.into_inner();
        let filter = pb::ListLegalHoldsRequest { parent: request.parent.clone(), ..Default::default() };
        let mut violations = Violations::default();
        let customer = customers::customer_name("parent", &request.parent, &mut violations);
        let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
        let (customer, page) = read(violations, customer.zip(page))?;

        let found = self.app.list_legal_holds(customer, page.after, page.limit + 1).await;
        let mut found = found.map_err(status)?;
        let next_page_token = page.cut(&mut found, |hold| hold.legal_hold_id);
        let legal_holds = found.iter().map(convert::legal_hold).collect();
        Ok(Response::new(pb::ListLegalHoldsResponse { legal_holds, next_page_token }))
    }
}
