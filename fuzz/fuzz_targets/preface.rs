#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vernal::__fuzz::preface(input));
