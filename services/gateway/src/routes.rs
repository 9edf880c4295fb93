//! Which HTTP request is which RPC: a table read from the `google.api.http` options of the descriptor pool.
//!
//! Building it checks all that a request could trip over later: templates parse, bound fields exist, no two routes of one
//! HTTP method can match the same path. A contract that fails is refused at start.

use http::{Method, uri::PathAndQuery};
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, MethodDescriptor, Value};

use crate::{
    backend::Backend,
    fields,
    template::{RequestPath, Template, TemplateError},
};

/// One way to reach one RPC over HTTP.
#[derive(Clone, Debug)]
pub struct Route {
    /// The HTTP method.
    pub method: Method,
    /// The path.
    pub template: Template,
    /// What the body is.
    pub body: RequestBody,
    /// The RPC.
    pub rpc: MethodDescriptor,
    /// The RPC's path on the wire, such as `/kexiang.intake.v1.IntakeService/GetCase`.
    pub grpc_path: PathAndQuery,
    /// Who serves it.
    pub backend: Backend,
}

/// What the body of a request is.
#[derive(Clone, Debug, PartialEq)]
pub enum RequestBody {
    /// There is none.
    None,
    /// The whole message, but for what the path binds.
    Whole,
    /// One field.
    Field(FieldDescriptor),
}

/// Why a contract cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The option itself is not in the pool.
    #[error("the descriptor set has no google.api.http")]
    NoHttpOption,
    /// A template that is not supported.
    #[error("{rpc}: {source}")]
    Template {
        /// The RPC.
        rpc: String,
        /// What is wrong.
        source: TemplateError,
    },
    /// Anything else that is wrong with one RPC's rule.
    #[error("{rpc}: {problem}")]
    Rule {
        /// The RPC.
        rpc: String,
        /// What is wrong.
        problem: String,
    },
    /// One request would be two RPCs.
    #[error("{one} and {two} both match a path of {method} {template}")]
    Ambiguous {
        /// The RPC that came first.
        one: String,
        /// The other.
        two: String,
        /// Their HTTP method.
        method: Method,
        /// The template of the first.
        template: String,
    },
}

/// The table.
#[derive(Debug)]
pub struct Routes(Vec<Route>);

/// Why no route was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Missing {
    /// No route has this path.
    Path,
    /// The path is known under these HTTP methods alone.
    Method(Vec<Method>),
}

impl Routes {
    /// Reads the table from the pool.
    ///
    /// # Errors
    /// [`RouteError`] when a rule cannot be served.
    pub fn of(pool: &DescriptorPool) -> Result<Self, RouteError> {
        let option = pool.get_extension_by_name("google.api.http").ok_or(RouteError::NoHttpOption)?;
        let mut routes: Vec<Route> = Vec::new();
        for service in pool.services() {
            for rpc in service.methods() {
                let options = rpc.options();
                if !options.has_extension(&option) {
                    continue;
                }
                if let Value::Message(rule) = options.get_extension(&option).as_ref() {
                    for route in routes_of(&rpc, rule)? {
                        refuse_ambiguity(&routes, &route)?;
                        routes.push(route);
                    }
                }
            }
        }
        Ok(Self(routes))
    }

    /// All routes, in the order of the contract.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The route of a request.
    ///
    /// # Errors
    /// [`Missing`] tells an unknown path from a wrong method.
    pub fn find(&self, method: &Method, path: &RequestPath<'_>) -> Result<&Route, Missing> {
        let mut others = Vec::new();
        for route in self.0.iter().filter(|route| route.template.matches(path)) {
            if route.method == *method {
                return Ok(route);
            }
            others.push(route.method.clone());
        }
        Err(if others.is_empty() { Missing::Path } else { Missing::Method(others) })
    }
}

/// The rule's route and those of its additional bindings.
fn routes_of(rpc: &MethodDescriptor, rule: &DynamicMessage) -> Result<Vec<Route>, RouteError> {
    let mut routes = vec![route_of(rpc, rule)?];
    if let Some(Value::List(more)) = rule.get_field_by_name("additional_bindings").as_deref() {
        for binding in more.iter().filter_map(Value::as_message) {
            routes.push(route_of(rpc, binding)?);
        }
    }
    Ok(routes)
}

fn route_of(rpc: &MethodDescriptor, rule: &DynamicMessage) -> Result<Route, RouteError> {
    let refuse =
        |problem: &str| RouteError::Rule { rpc: rpc.full_name().to_owned(), problem: problem.to_owned() };
    if rpc.is_client_streaming() {
        return Err(refuse("client streams have no HTTP mapping"));
    }
    if !text(rule, "response_body").is_empty() {
        return Err(refuse("response_body is not supported"));
    }
    let (method, path) = pattern(rule).ok_or_else(|| refuse("has no HTTP method that is supported"))?;
    let template = Template::parse(&path)
        .map_err(|source| RouteError::Template { rpc: rpc.full_name().to_owned(), source })?;
    let input = rpc.input();
    for variable in template.variables() {
        fields::resolve(&input, &variable.field).ok_or_else(|| refuse("the path binds an unknown field"))?;
    }
    let body = match text(rule, "body").as_str() {
        "" => RequestBody::None,
        "*" => RequestBody::Whole,
        name => RequestBody::Field(
            input.get_field_by_name(name).ok_or_else(|| refuse("has an unknown body field"))?,
        ),
    };
    let service = rpc.parent_service();
    let backend =
        Backend::of_package(service.package_name()).ok_or_else(|| refuse("belongs to no backend"))?;
    let grpc_path = format!("/{}/{}", service.full_name(), rpc.name());
    let grpc_path = grpc_path.parse().map_err(|_| refuse("has no valid gRPC path"))?;
    Ok(Route { method, template, body, rpc: rpc.clone(), grpc_path, backend })
}

fn pattern(rule: &DynamicMessage) -> Option<(Method, String)> {
    let methods = [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
        ("patch", Method::PATCH),
    ];
    methods.into_iter().find_map(|(field, method)| {
        let path = text(rule, field);
        (!path.is_empty()).then_some((method, path))
    })
}

fn text(rule: &DynamicMessage, field: &str) -> String {
    rule.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn refuse_ambiguity(routes: &[Route], new: &Route) -> Result<(), RouteError> {
    match routes.iter().find(|old| old.method == new.method && old.template.overlaps(&new.template)) {
        None => Ok(()),
        Some(old) => Err(RouteError::Ambiguous {
            one: old.rpc.full_name().to_owned(),
            two: new.rpc.full_name().to_owned(),
            method: old.method.clone(),
            template: old.template.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
