//! Nothing but the benchmarks: see `make bench`.
