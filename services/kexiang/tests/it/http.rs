//! Plain HTTP with the gateway, as any program without our client speaks it.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::support::Home;

/// The answer of the gateway, head and body, to a call with this token and JSON.
pub fn call(home: &Home, method: &str, path: &str, token: &str, json: &str) -> String {
    let gateway = home.endpoints().gateway;
    let mut stream = TcpStream::connect(gateway.strip_prefix("http://").unwrap()).unwrap();
    let (token, length) = (token.trim(), json.len());
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
