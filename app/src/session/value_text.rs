use stepwell_engine::{ValType, Value};
pub fn parse_value(ty: ValType, text: &str) -> Result<Value, String> {
    let t = text.trim();
    let t = t.split_once(':').map_or(t, |(_, r)| r);
    match ty {
        ValType::I32 => t.parse().map(Value::I32).map_err(|e| e.to_string()),
        ValType::I64 => t.parse().map(Value::I64).map_err(|e| e.to_string()),
        ValType::F32 => t.parse().map(Value::F32).map_err(|e| e.to_string()),
        ValType::F64 => t.parse().map(Value::F64).map_err(|e| e.to_string()),
        _ => Ok(Value::FuncRef(None)),
    }
}
