//! Handlers of lists: each shows what the caller may see, page by page.

use kexiang_core::{ArchiveEntryId, ArchiveLoanId, SupplierQuoteId, Timestamp};
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Caller, PageRequest, Violations, field};
use tonic::{Request, Response};

use super::{Answer, Archives, read, refused, write};
use crate::grpc::status::read as readable;

impl Archives {
    pub(super) async fn list_entries(
        &self,
        request: Request<pb::ListArchiveEntriesRequest>,
    ) -> Answer<pb::ListArchiveEntriesResponse> {
        let (caller, request) = (Caller::of(&request)?, request.into_inner());
        let mut violations = Violations::default();
        let filter = read::filter(&request, &mut violations);
        let bound_to =
            pb::ListArchiveEntriesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<ArchiveEntryId>::read(size, token, &bound_to, &mut violations);
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_archive_entries(caller.roles, &filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |entry| entry.entry_id);
        let now = self.app.clock().now();
        let archive_entries = found.iter().map(|entry| write::entry(entry, now)).collect();
        Ok(Response::new(pb::ListArchiveEntriesResponse { archive_entries, next_page_token }))
    }

    pub(super) async fn list_due(
        &self,
        request: Request<pb::ListDueArchiveEntriesRequest>,
    ) -> Answer<pb::ListDueArchiveEntriesResponse> {
        let caller = Caller::of(&request)?;
        let pb::ListDueArchiveEntriesRequest { page_size, page_token } = request.into_inner();
        let mut violations = Violations::default();
        let bound_to = pb::ListDueArchiveEntriesRequest::default();
        let page = PageRequest::<(Timestamp, ArchiveEntryId)>::read(
            page_size,
            &page_token,
            &bound_to,
            &mut violations,
        );
        let page = readable(violations, page)?;
        let found = self.app.list_due_archive_entries(caller.roles, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |entry| {
            let until = entry.retirement.as_ref().and_then(|retirement| retirement.retained_until);
            (until.unwrap_or(Timestamp::MAX), entry.entry_id)
        });
        let now = self.app.clock().now();
        let archive_entries = found.iter().map(|entry| write::entry(entry, now)).collect();
        Ok(Response::new(pb::ListDueArchiveEntriesResponse { archive_entries, next_page_token }))
    }

    pub(super) async fn list_loans(
        &self,
        request: Request<pb::ListArchiveLoansRequest>,
    ) -> Answer<pb::ListArchiveLoansResponse> {
        let (caller, request) = (Caller::of(&request)?, request.into_inner());
        let mut violations = Violations::default();
        let filter = read::loan_filter(&request, &mut violations);
        let bound_to =
            pb::ListArchiveLoansRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<ArchiveLoanId>::read(size, token, &bound_to, &mut violations);
        let (filter, page) = readable(violations, filter.zip(page))?;
        let found = self.app.list_archive_loans(caller.roles, &filter, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |loan| loan.loan_id);
        let archive_loans = found.iter().map(write::loan).collect();
        Ok(Response::new(pb::ListArchiveLoansResponse { archive_loans, next_page_token }))
    }

    pub(super) async fn list_quotes(
        &self,
        request: Request<pb::ListSupplierQuotesRequest>,
    ) -> Answer<pb::ListSupplierQuotesResponse> {
        let (caller, request) = (Caller::of(&request)?, request.into_inner());
        let mut violations = Violations::default();
        let supplier = violations.check("supplier", field::optional(&request.supplier, field::name));
        let bound_to =
            pb::ListSupplierQuotesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
        let (size, token) = (request.page_size, &request.page_token);
        let page = PageRequest::<SupplierQuoteId>::read(size, token, &bound_to, &mut violations);
        let (supplier, page) = readable(violations, supplier.zip(page))?;
        let found = self.app.list_supplier_quotes(caller.roles, supplier, page.after, page.limit + 1).await;
        let mut found = found.map_err(refused)?;
        let next_page_token = page.cut(&mut found, |quote| quote.quote_id);
        let supplier_quotes = found.iter().map(write::quote).collect();
        Ok(Response::new(pb::ListSupplierQuotesResponse { supplier_quotes, next_page_token }))
    }
}
