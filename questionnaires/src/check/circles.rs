//! Conditions that depend on one another in a circle.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::Checker;
use crate::condition::Condition;

impl Checker<'_> {
    /// Node numbers: questions first, then sections.
    pub(super) fn reads(&self) -> Vec<Vec<usize>> {
        let count = self.questions.len();
        let numbers = |condition: Option<&Condition>| -> Vec<usize> {
            let keys = condition.map(Condition::questions).unwrap_or_default();
            let numbers: BTreeSet<usize> = keys.into_iter().filter_map(|key| self.numbers.get(key).copied()).collect();
            numbers.into_iter().collect()
        };
        let questions = self.questions.iter().map(|place| {
            let mut reads = numbers(place.question.show_if.as_ref());
            reads.push(count + place.section);
            reads
        });
        let sections = self.edition.sections.iter().map(|section| numbers(section.show_if.as_ref()));
        questions.chain(sections).collect()
    }

    /// Reports every circle of conditions, and says how many there are.
    pub(super) fn circles(&mut self) -> usize {
        let reads = self.reads();
        let left = on_or_behind_circles(&reads);
        let mut told = HashSet::new();
        let mut circles = 0;
        for start in 0..reads.len() {
            if !left[start] || told.contains(&start) {
                continue;
            }
            let Some(circle) = shortest_circle(&reads, &left, start) else { continue };
            circles += 1;
            told.extend(circle.iter().copied());
            let name = |node: &usize| match self.questions.get(*node) {
                Some(place) => format!("`{}`", place.question.key),
                None => format!("section `{}`", self.edition.sections[*node - self.questions.len()].key),
            };
            let names: Vec<String> = circle.iter().chain(circle.first()).map(name).collect();
            let pointer = match self.questions.get(start) {
                Some(place) if place.question.show_if.is_some() => format!("{}/show_if", place.pointer),
                Some(place) => format!("/sections/{}/show_if", place.section),
                None => format!("/sections/{}/show_if", start - self.questions.len()),
            };
            let message =
                format!("whether each of these is shown depends on the next: {}; break the circle", names.join(" → "));
            self.fault(pointer, "cycle", message);
        }
        circles
    }
}

/// What is left when everything is taken away, again and again, that reads nothing that is left.
fn on_or_behind_circles(reads: &[Vec<usize>]) -> Vec<bool> {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); reads.len()];
    for (node, list) in reads.iter().enumerate() {
        list.iter().for_each(|read| readers[*read].push(node));
    }
    let mut waiting: Vec<usize> = reads.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..reads.len()).filter(|node| waiting[*node] == 0).collect();
    let mut left = vec![true; reads.len()];
    while let Some(node) = ready.pop() {
        left[node] = false;
        for reader in &readers[node] {
            waiting[*reader] -= 1;
            if waiting[*reader] == 0 {
                ready.push(*reader);
            }
        }
    }
    left
}

/// The shortest way from a node back to itself.
fn shortest_circle(reads: &[Vec<usize>], left: &[bool], start: usize) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; reads.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        for read in reads[node].iter().copied().filter(|read| left[*read]) {
            if read == start {
                let mut way = vec![node];
                while let Some(before) = came_from[*way.last()?] {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if came_from[read].is_none() {
                came_from[read] = Some(node);
                queue.push_back(read);
            }
        }
    }
    None
}
