//! What stories about segments do.

use kexiang_core::{CustomerId, Role};
use kexiang_proto::customers_v1::{
    CountMembersRequest, CreateSegmentRequest, Segment, StreamSegmentMembersRequest,
    segment_service_client::SegmentServiceClient,
};
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use crate::center::{Bearer, Center, START};

pub type Client = SegmentServiceClient<InterceptedService<Channel, Bearer>>;

impl Center {
    /// Speaks about segments as who makes them.
    pub fn segments(&self) -> Client {
        self.segments_as("zhao.li", &[Role::Manager])
    }

    /// The same as somebody else.
    pub fn segments_as(&self, subject: &str, roles: &[Role]) -> Client {
        SegmentServiceClient::with_interceptor(self.channel.clone(), self.bearer_of(subject, roles))
    }

    /// Persons of whom nothing else is known, in the order of their ids. Their names lie sealed by no key.
    pub async fn insert_customers(&self, count: usize) -> Vec<CustomerId> {
        let ids: Vec<CustomerId> = (0..count).map(|_| CustomerId::at(START)).collect();
        let mut tx = self.pool.begin().await.unwrap();
        sqlx::query(
            "insert into customer_records.customers (customer_id, kind, sealed_name, created_at, updated_at, version)
             select id, 'PERSON', '\\x00', $2, $2, 1 from unnest($1::uuid[]) as id",
        )
        .bind(ids.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .bind(jiff_sqlx::ToSqlx::to_sqlx(START))
        .execute(&mut *tx)
        .await
        .unwrap();
        sqlx::query("delete from customer_records.likeness_checks").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let mut ids = ids;
        ids.sort_unstable();
        ids
    }

    /// Saves a segment and gives its name.
    pub async fn save(&self, filter: &str) -> String {
        let segment =
            Segment { title: "A segment".to_owned(), filter: filter.to_owned(), ..Segment::default() };
        let request = CreateSegmentRequest { segment: Some(segment), request_id: String::new() };
        let saved = self.segments().create_segment(request).await;
        saved.unwrap_or_else(|refusal| panic!("{filter}: {refusal}")).into_inner().name
    }

    /// Who is in a segment, batch by batch.
    pub async fn batches(&self, name: &str, start_after: &str) -> Vec<Vec<String>> {
        let request =
            StreamSegmentMembersRequest { name: name.to_owned(), start_after: start_after.to_owned() };
        let mut stream = self.segments().stream_segment_members(request).await.unwrap().into_inner();
        let mut batches = Vec::new();
        while let Some(batch) = stream.message().await.unwrap() {
            batches.push(batch.customers);
        }
        batches
    }

    /// How many fit.
    pub async fn count(&self, filter: &str) -> i64 {
        let request = CountMembersRequest { filter: filter.to_owned() };
        let counted = self.segments().count_members(request).await;
        counted.unwrap_or_else(|refusal| panic!("{filter}: {refusal}")).into_inner().count
    }

    /// Who fits: saved, streamed, and counted to the same number.
    pub async fn members(&self, filter: &str) -> Vec<String> {
        let members = self.batches(&self.save(filter).await, "").await.concat();
        assert_eq!(self.count(filter).await, i64::try_from(members.len()).unwrap(), "{filter}");
        members
    }
}
