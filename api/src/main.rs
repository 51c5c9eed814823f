//! The program. Everything is in the library, where tests reach it.

use std::process::ExitCode;

/// The C library's allocator keeps what a large import took: a process of 30 MB stays one of 290 MB. This one gives it
/// back within seconds.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    diligence::command::main()
}
