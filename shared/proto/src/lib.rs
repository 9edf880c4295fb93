//! The compiled contract of `proto/`, one module per package, and its descriptor set.
//!
//! Generated types stay in the `grpc` and `worker` rooms of the services; nothing below knows them.

#![expect(missing_docs, clippy::all, reason = "generated code; the protos carry the documentation")]

/// The descriptor set of the whole contract with options and comments, for reflection, transcoding and OpenAPI.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/kexiang.bin"));

// Generated code refers to other packages by path, so the modules mirror the packages.
mod kexiang {
    pub mod r#type {
        pub mod v1 {
            tonic::include_proto!("kexiang.r#type.v1");
        }
    }
    pub mod event {
        pub mod v1 {
            tonic::include_proto!("kexiang.event.v1");
        }
    }
    pub mod intake {
        pub mod v1 {
            tonic::include_proto!("kexiang.intake.v1");
        }
    }
    pub mod dispatch {
        pub mod v1 {
            tonic::include_proto!("kexiang.dispatch.v1");
        }
    }
    pub mod customers {
        pub mod v1 {
            tonic::include_proto!("kexiang.customers.v1");
        }
    }
    pub mod reporting {
        pub mod v1 {
            tonic::include_proto!("kexiang.reporting.v1");
        }
    }
}
mod google {
    pub mod api {
        tonic::include_proto!("google.api");
    }
    pub mod rpc {
        tonic::include_proto!("google.rpc");
    }
}

pub use google::{api, rpc};
pub use kexiang::{
    customers::v1 as customers_v1, dispatch::v1 as dispatch_v1, event::v1 as event_v1,
    intake::v1 as intake_v1, reporting::v1 as reporting_v1, r#type::v1 as type_v1,
};
