use stepwell_engine::*;
fn main() {
    let p = std::env::args().nth(1).unwrap();
    let t = std::fs::read(&p).unwrap();
    let b = wat::parse_bytes(&t).unwrap();
    let m = Module::new(&Engine::default(), &b).unwrap();
    for f in m.imported_func_count()..m.func_count() {
        let l = observe::FastListing::new(&m, FuncIndex(f)).unwrap();
        let d = module::disassemble::Listing::new(&m, FuncIndex(f)).unwrap();
        println!("func {f} {:?}", m.func_name(FuncIndex(f)));
        let mut seen = 0;
        for (i, op) in l.operations().iter().enumerate() {
            while seen <= op.instruction {
                let x = d.instruction(seen as usize).unwrap();
                println!("      {:4} {:?} {x}", seen, l.price_at(seen));
                seen += 1;
            }
            println!(
                "                                              @{i}({}) {}",
                op.instruction, op.text
            );
        }
    }
}
