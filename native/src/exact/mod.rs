//! The exact patterns behind the gate: where they match, and what checks make of that.

mod region;

pub use region::{Confidences, Region, Span};
