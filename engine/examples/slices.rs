use stepwell_engine::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let b = std::fs::read(&a[1]).unwrap();
    let b = wat::parse_bytes(&b).unwrap();
    let e = Engine::default();
    let m = Module::new(&e, &b).unwrap();
    let mut s = Store::new(&e);
    let i = Linker::new().instantiate(&mut s, &m).unwrap();
    let f = s.export_func(i, &a[2]).unwrap();
    let mut t = s.start(f, &[Value::I32(a[3].parse().unwrap())]).unwrap();
    let n: u64 = a[4].parse().unwrap();
    let mut k = 0u64;
    let st = std::time::Instant::now();
    loop {
        match t.run(&mut s, Budget::instructions(n)).unwrap() {
            Stop::Budget => k += 1,
            _ => break,
        }
    }
    eprintln!("{k} slices, {} instr, {:?}", t.executed(), st.elapsed());
}
