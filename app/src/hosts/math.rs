//! Functions that compute one float from others, as JavaScript's `Math` and the C library have them.
//!
//! The last digit of some may differ from one computer to another.

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, FuncType, ValType, Value};

use super::call::{Item, Lookup};
use super::console;

enum Formula {
    None(fn(&super::HostState) -> f64),
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
}

fn formula(name: &str) -> Option<Formula> {
    use Formula::{None as Nothing, One, Two};
    Some(match name {
        "random" => Nothing(|state| state.random_fraction()),
        "sin" => One(f64::sin),
        "cos" => One(f64::cos),
        "tan" => One(f64::tan),
        "asin" => One(f64::asin),
        "acos" => One(f64::acos),
        "atan" => One(f64::atan),
        "sinh" => One(f64::sinh),
        "cosh" => One(f64::cosh),
        "tanh" => One(f64::tanh),
        "asinh" => One(f64::asinh),
        "acosh" => One(f64::acosh),
        "atanh" => One(f64::atanh),
        "exp" => One(f64::exp),
        "exp2" => One(f64::exp2),
        "expm1" => One(f64::exp_m1),
        "log" => One(f64::ln),
        "log2" => One(f64::log2),
        "log10" => One(f64::log10),
        "log1p" => One(f64::ln_1p),
        "sqrt" => One(f64::sqrt),
        "cbrt" => One(f64::cbrt),
        "abs" | "fabs" => One(f64::abs),
        "floor" => One(f64::floor),
        "ceil" => One(f64::ceil),
        "trunc" => One(f64::trunc),
        // JavaScript rounds halves up, C away from zero: only the former is called Math.
        "round" => One(|value| (value + 0.5).floor()),
        "sign" => One(|value| if value == 0.0 || value.is_nan() { value } else { value.signum() }),
        "pow" => Two(f64::powf),
        "atan2" => Two(f64::atan2),
        "hypot" => Two(f64::hypot),
        "fmod" => Two(|a, b| a % b),
        "max" => Two(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }),
        "min" => Two(|a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }),
        _ => return None,
    })
}

pub(super) fn look_up(import: &Import) -> Lookup {
    let of_javascript = &*import.module == "Math";
    if !of_javascript && !console::MODULES.contains(&&*import.module) {
        return Lookup::Unknown;
    }
    let ExternType::Func(ty) = &import.ty else { return Lookup::Unknown };
    let name = import.name.strip_prefix("Math.").unwrap_or(&import.name);
    // The C library has a function of the same name for the shorter type.
    let bare = name.strip_suffix('f').filter(|_| ty.results() == [ValType::F32]).unwrap_or(name);
    if bare == "round" && !of_javascript {
        return Lookup::Unknown;
    }
    let Some(formula) = formula(bare) else { return Lookup::Unknown };
    let count = match formula {
        Formula::None(_) => 0,
        Formula::One(_) => 1,
        Formula::Two(_) => 2,
    };
    let is_float = |ty: &ValType| matches!(ty, ValType::F32 | ValType::F64);
    let fits = ty.params().len() == count
        && ty.params().iter().all(is_float)
        && matches!(ty.results(), [result] if is_float(result));
    if !fits {
        let float = || std::iter::repeat_n(ValType::F64, count);
        return Lookup::Misfit(format!("func {}", FuncType::new(float(), [ValType::F64])));
    }
    let at = |args: &[Value], index: usize| match args.get(index) {
        Some(Value::F32(value)) => f64::from(*value),
        Some(Value::F64(value)) => *value,
        _ => 0.0,
    };
    Lookup::Found(Item::function(move |call| {
        let value = match formula {
            Formula::None(compute) => compute(call.state),
            Formula::One(compute) => compute(at(call.args, 0)),
            Formula::Two(compute) => compute(at(call.args, 0), at(call.args, 1)),
        };
        call.give_float(value)
    }))
}
