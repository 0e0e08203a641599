//! What programs of Emscripten import from `env`, in place of the JavaScript that Emscripten writes: as far
//! as they compute, print and keep time. Files and sockets answer that there are none, and what needs
//! a page or JavaScript of the program's own ends the run with advice.
//!
//! Standard input and output of newer programs are WASI's, another set.

mod exceptions;
mod heap;
mod process;
mod time;
mod unwind;

use stepwell_engine::module::Import;
use stepwell_engine::{ExternType, HostResult, Module, RefType, ValType};

use super::call::{AsyncFunction, Call, Item, Lookup, trap};
use super::signature;

/// What Emscripten's JavaScript holds for an instance.
#[derive(Default, Debug)]
pub(super) struct Runtime {
    /// The upper half of a result of 64 bits.
    upper: i32,
    exceptions: exceptions::Exceptions,
}

/// A function: its name, its possible types, what it does.
struct Entry(&'static str, &'static [&'static str], Does);

#[derive(Clone, Copy)]
enum Does {
    At(fn(&mut Call<'_, '_>) -> HostResult),
    /// Calls back into wasm.
    Back(AsyncFunction),
}

/// Functions with names and types of their own.
fn entries() -> impl Iterator<Item = &'static Entry> {
    [heap::FUNCTIONS, process::FUNCTIONS, time::FUNCTIONS, unwind::FUNCTIONS, exceptions::FUNCTIONS]
        .into_iter()
        .flatten()
}

pub(super) fn look_up(import: &Import) -> Lookup {
    if &*import.module != "env" {
        return Lookup::Unknown;
    }
    match &import.ty {
        ExternType::Func(_) => function(import),
        ExternType::Memory(_) if &*import.name == "memory" => made(import),
        ExternType::Table(ty)
            if matches!(&*import.name, "__indirect_function_table" | "table")
                && ty.element == RefType::FUNC =>
        {
            made(import)
        }
        _ => Lookup::Unknown,
    }
}

/// Just as it is asked for.
fn made(import: &Import) -> Lookup {
    Lookup::Found(Item::Made(import.ty.clone(), None))
}

fn function(import: &Import) -> Lookup {
    let (name, ExternType::Func(ty)) = (&*import.name, &import.ty) else {
        return Lookup::Unknown;
    };
    if let Some(Entry(_, signatures, does)) = entries().find(|entry| entry.0 == name) {
        return match signatures.iter().any(|signature| signature::fits(signature, ty)) {
            true => Lookup::Found(item(*does)),
            false => Lookup::Misfit(signature::text(signatures.first().unwrap_or(&"v"))),
        };
    }
    let numbers = |tys: &[ValType]| tys.iter().all(|ty| !matches!(ty, ValType::Ref(_)));
    if !numbers(ty.params()) || !numbers(ty.results()) {
        return Lookup::Unknown;
    }
    let addresses = |tys: &[ValType]| tys.iter().all(|ty| signature::is_address(*ty));
    let does = if name.starts_with("invoke_") {
        match ty.params().first() {
            Some(index) if addresses(&[*index]) => Does::Back(unwind::invoke),
            _ => return Lookup::Misfit("a function whose first parameter is an index".to_owned()),
        }
    } else if name.starts_with("__cxa_find_matching_catch") {
        match addresses(ty.params()) && matches!(ty.results(), [ValType::I32]) {
            true => Does::Back(exceptions::find_matching_catch),
            false => return Lookup::Misfit("a function of addresses".to_owned()),
        }
    } else if name.starts_with("__syscall") || name.starts_with("__sys_") {
        match ty.results() {
            [ValType::I32] => Does::At(process::no_such_call),
            _ => return Lookup::Misfit("a function that returns i32".to_owned()),
        }
    } else if is_script(name) {
        Does::At(script)
    } else {
        return Lookup::Unknown;
    };
    Lookup::Found(item(does))
}

fn item(does: Does) -> Item {
    match does {
        Does::At(function) => Item::function(function),
        Does::Back(function) => Item::Future(function),
    }
}

/// JavaScript that stands in the program's own text.
fn is_script(name: &str) -> bool {
    ["emscripten_asm_const", "emscripten_run_script", "emscripten_async_run_script"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn script(_: &mut Call<'_, '_>) -> HostResult {
    trap(
        "the program runs JavaScript of its own here (EM_ASM, EM_JS or emscripten_run_script), and \
         there is no JavaScript: build it without that, or link this import to a policy of its own",
    )
}

/// Whether a module comes from Emscripten.
pub(super) fn is_emscripten(module: &Module) -> bool {
    let telling = |name: &str| {
        let prefixes = ["emscripten_", "_emscripten_", "invoke_", "__syscall_"];
        prefixes.iter().any(|prefix| name.starts_with(prefix))
            || matches!(name, "stackSave" | "stackAlloc" | "setThrew")
    };
    let imported = module.imports().iter().any(|import| {
        &*import.module == "env"
            && matches!(import.ty, ExternType::Func(_))
            && telling(&import.name)
    });
    imported
        || module.exports().iter().any(|export| telling(&export.name))
        || module.custom_sections().iter().any(|section| &*section.name == "emscripten_metadata")
}

/// What small programs import, as a shortened name of the same type could mean.
const FREQUENT: [(&str, &str); 14] = [
    ("emscripten_resize_heap", "ip"),
    ("proc_exit", "vi"),
    ("_abort_js", "v"),
    ("_emscripten_runtime_keepalive_clear", "v"),
    ("_setitimer_js", "iid"),
    ("emscripten_date_now", "d"),
    ("emscripten_get_now", "d"),
    ("emscripten_memcpy_js", "vppp"),
    ("__cxa_throw", "vppp"),
    ("fd_close", "ii"),
    ("fd_write", "iippp"),
    ("fd_seek", "iijip"),
    ("environ_get", "ipp"),
    ("environ_sizes_get", "ipp"),
];

/// What a shortened name could stand for, by its type.
pub(super) fn could_be(import: &Import) -> Vec<&'static str> {
    let ExternType::Func(ty) = &import.ty else { return Vec::new() };
    let fits = |(_, signature): &&(&str, &str)| signature::fits(signature, ty);
    FREQUENT.iter().filter(fits).map(|(name, _)| *name).collect()
}

/// What to say of an import that Emscripten's JavaScript has and this set does not.
pub(super) fn advice(name: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if begins(&["_embind_", "_emval_"]) {
        return Some(
            "This belongs to Embind, which makes JavaScript classes of C++ ones: there is no JavaScript \
             here. The policy zero lets the registrations at the start pass, and exports can then be called.",
        );
    }
    let of_library = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    };
    if begins(&["emscripten_gl", "emscripten_webgl", "egl", "glfw", "SDL_"])
        || of_library("gl")
        || of_library("al")
    {
        return Some(
            "This draws, plays sound or reads a joystick through the browser, which is not provided. \
             The policy zero lets many programs run on without a picture.",
        );
    }
    if begins(&["emscripten_set_main_loop", "emscripten_request_animation_frame"]) {
        return Some(
            "The browser would call the program back for every frame. Answer with the policy zero, then \
             start the loop's function as an export, once for each frame.",
        );
    }
    if begins(&["emscripten_fetch", "emscripten_start_fetch", "emscripten_async_wget", "_dlopen"]) {
        return Some("This loads something over the network or from files, which is not provided.");
    }
    if begins(&["__pthread_", "_emscripten_thread", "emscripten_create_wasm_worker"]) {
        return Some(
            "This starts or ends threads of the browser, which are not provided: build without -pthread.",
        );
    }
    None
}
