//! What the graph consists of: modules and hosts, who imports from whom, who has called whom.

use std::collections::BTreeMap;

use crate::session::{CallTarget, ImportPolicy, ImportSource, ModuleKey, Session};

/// An arrow from who imports or calls to who provides.
#[derive(Clone, Default, Debug)]
pub(super) struct Edge {
    /// What is imported, as `b.foo`, with what does not fit.
    pub(super) imports: Vec<Import>,
    /// How often it was called in this run, and how often since the previous stop.
    pub(super) calls: u64,
    pub(super) new_calls: u64,
    /// Which of the present calls, counted from 1, outermost first, go along it.
    pub(super) steps: Vec<usize>,
}

/// An import along an edge.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) module: ModuleKey,
    pub(super) position: usize,
    /// Why it does not fit what the other module exports.
    pub(super) misfit: Option<String>,
}

impl Edge {
    pub(super) fn fits(&self) -> bool {
        self.imports.iter().all(|import| import.misfit.is_none())
    }
}

/// Modules, hosts, and what is between them.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<CallTarget>,
    pub(super) edges: BTreeMap<(CallTarget, CallTarget), Edge>,
    /// Where the present calls lead through, outermost first.
    pub(super) path: Vec<CallTarget>,
}

impl Graph {
    pub(super) fn of(session: &Session) -> Self {
        let mut graph = Self { path: session.call_path(), ..Self::default() };
        let mut edges: BTreeMap<(CallTarget, CallTarget), Edge> = BTreeMap::new();
        for open in session.modules() {
            for (position, state) in open.imports.iter().enumerate() {
                let (to, misfit) = match &state.source {
                    ImportSource::Module(provider) => (CallTarget::Module(*provider), None),
                    ImportSource::Mismatch(provider, why) => {
                        (CallTarget::Module(*provider), Some(why.clone()))
                    }
                    ImportSource::Set(set) => (CallTarget::Set(*set), None),
                    ImportSource::Nobody => (CallTarget::Host, None),
                };
                let edge = edges.entry((CallTarget::Module(open.key), to)).or_default();
                edge.imports.push(Import { module: open.key, position, misfit });
            }
        }
        for ((from, to), calls) in session.calls_between() {
            let before = session.calls_before().get(&(from, to)).copied().unwrap_or(0);
            let edge = edges.entry((CallTarget::Module(from), to)).or_default();
            (edge.calls, edge.new_calls) = (calls, calls.saturating_sub(before));
        }
        for (step, pair) in graph.path.windows(2).enumerate() {
            if let [from, to] = *pair {
                edges.entry((from, to)).or_default().steps.push(step + 1);
            }
        }
        edges.retain(|(from, to), _| from != to);
        let modules = session.modules().iter().map(|open| CallTarget::Module(open.key));
        graph.nodes.extend(modules);
        let mut hosts: Vec<CallTarget> =
            edges.keys().flat_map(|(from, to)| [*from, *to]).filter(is_host).collect();
        hosts.extend(graph.path.iter().copied().filter(is_host));
        hosts.sort_unstable();
        hosts.dedup();
        graph.nodes.extend(hosts);
        graph.edges = edges;
        graph
    }

    /// Whether a present call goes through it.
    pub(super) fn is_on_path(&self, node: CallTarget) -> bool {
        self.path.contains(&node)
    }

    /// Whether it is where the task stands.
    pub(super) fn is_innermost(&self, node: CallTarget) -> bool {
        self.path.last() == Some(&node)
    }
}

/// Whether it is no module.
pub(super) fn is_host(node: &CallTarget) -> bool {
    !matches!(node, CallTarget::Module(_))
}

/// What a node is called.
pub(super) fn name(session: &Session, node: CallTarget) -> String {
    match node {
        CallTarget::Module(key) => session.module(key).map_or_else(String::new, |open| {
            stepwell_engine::text::escaped(&open.name).into_owned()
        }),
        CallTarget::Set(set) => set.title().to_owned(),
        CallTarget::Host => "nobody".to_owned(),
    }
}

/// What nobody's node stands for: what calls of such imports do, as `ask, trap`.
pub(super) fn policies(session: &Session) -> String {
    let states = || session.modules().iter().flat_map(|open| &open.imports);
    let found =
        [(ImportPolicy::Ask, "ask"), (ImportPolicy::Zero, "zero"), (ImportPolicy::Trap, "trap")]
            .into_iter()
            .filter(|(policy, _)| {
                states()
                    .any(|state| state.source == ImportSource::Nobody && state.policy == *policy)
            });
    found.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}
