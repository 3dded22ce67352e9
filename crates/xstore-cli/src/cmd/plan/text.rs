//! The plan for people.

use super::report::{Availability, Chance, Chances, Costs, Power, Report, Sets, Traffic};
use crate::cmd::status::labels;
use crate::columns::{Side, columns, wrapped};
use crate::units::{count, human_bytes, printable};

/// Columns of a line at most, where words can be wrapped.
const WIDTH: usize = 98;
/// Seconds of a year.
const YEAR: f64 = 365.25 * 86_400.0;

pub(super) fn of(report: &Report) -> String {
    let sections = [
        backends(report),
        powers(report),
        rules(report),
        costs(&report.costs),
        report.availability.as_ref().map(|availability| chances(report, availability)).unwrap_or_default(),
        report.loss.as_ref().map(|loss| kept(report, &loss.kept)).unwrap_or_default(),
        notes(report),
    ];
    let sections = sections.into_iter().filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"));
    sections.collect::<Vec<_>>().join("\n\n")
}

fn backends(report: &Report) -> Vec<String> {
    use Side::Left;
    let spares = report.backends.iter().filter(|row| row.role == "spare").count();
    let quorum = match report.needed.durable {
        durable if durable < report.n => format!("; a put succeeds with {durable} durable shares"),
        _ => String::new(),
    };
    let mut lines = vec![format!(
        "{} over {}, {}{quorum}: {}",
        report.threshold,
        count(report.backends.len(), "backend"),
        count(spares, "spare"),
        report.config.display()
    )];
    let head = ["backend", "gets", "durable", "create-only", "labels"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let yes = |is: bool| if is { "yes" } else { "NO" }.to_owned();
    for row in &report.backends {
        let gets = match (row.share, row.role) {
            (Some(share), _) => format!("share {share}"),
            (None, "spare") => "spare".to_owned(),
            (None, _) => "nothing".to_owned(),
        };
        let labels = labels(row.removable, &row.labels);
        rows.push(vec![row.backend_id.clone(), gets, yes(row.durable), yes(row.create_only), labels]);
    }
    lines.extend(columns(&[Left; 5], &rows));
    lines
}

fn powers(report: &Report) -> Vec<String> {
    let width = report.power.iter().map(|power| name(power).chars().count()).max().unwrap_or(0);
    let list = |sets: fn(&Power) -> &Sets| -> Vec<String> {
        let lines = report.power.iter().flat_map(|power| {
            let words = words(power, sets(power));
            wrapped(&format!("  {:<width$}  ", name(power)), &words, WIDTH)
        });
        lines.collect()
    };
    let lost = report.n + 1 - report.k;
    let mut lines =
        vec![format!("who could read: all sets that together have {} of the {} shares", report.k, report.n)];
    lines.extend(list(|power| &power.read));
    lines.push(format!(
        "who could destroy: all sets whose loss leaves fewer than {} shares ({lost} of the {} or more)",
        report.k, report.n
    ));
    lines.extend(list(|power| &power.destroy));
    lines
}

fn name(power: &Power) -> &str {
    power.label.as_deref().unwrap_or("backend")
}

/// `{aws, azure}`, and how many more there are.
fn words(power: &Power, sets: &Sets) -> Vec<String> {
    // Backends are alike: each has one share.
    if power.label.is_none() {
        let holders = power.values.iter().filter(|value| value.shares > 0).count();
        return vec![format!("any {} of {holders} ({})", sets.shares, plural(sets.count, "set"))];
    }
    let mut words: Vec<String> = sets
        .sets
        .iter()
        .map(|set| {
            let names: Vec<String> = set.iter().map(|name| printable(name)).collect();
            format!("{{{}}}", names.join(", "))
        })
        .collect();
    let more = sets.count.saturating_sub(sets.sets.len() as u64);
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    if sets.smallest == Some(1) {
        words.push("<- ONE IS ENOUGH".to_owned());
    }
    words
}

fn plural(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn rules(report: &Report) -> Vec<String> {
    if report.rules.is_empty() {
        return vec!["rules: none".to_owned()];
    }
    let mut lines = vec!["rules".to_owned()];
    for rule in &report.rules {
        let (word, why) = match &rule.problem {
            None => ("holds", &rule.room),
            Some(problem) => ("BROKEN", problem),
        };
        let text = format!("{}: {why}", rule.rule);
        let text: Vec<String> = printable(&text).split(' ').map(str::to_owned).collect();
        lines.extend(wrapped(&format!("  {word:<6}  "), &text, WIDTH));
    }
    lines
}

fn costs(costs: &Costs) -> Vec<String> {
    use Side::{Left, Right};
    let overhead = costs.overhead.map(|factor| format!(", {factor:.4} for each byte")).unwrap_or_default();
    let mut lines = vec![
        format!(
            "an object of {} ({} bytes): {} of {}",
            human_bytes(costs.bytes),
            costs.bytes,
            plural(costs.parts, "part"),
            human_bytes(costs.part_bytes.into())
        ),
        format!(
            "  stored: {} on each backend with a share, {} in all{overhead}",
            human_bytes(costs.bytes_each),
            human_bytes(costs.bytes_stored)
        ),
        format!(
            "  a full part: {} bytes for each share, in {}",
            costs.share_bytes,
            plural(costs.segments, "segment")
        ),
    ];
    let head = ["", "requests", "to each of", "backends", "sent", "received"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let row = |name: &str, traffic: &Traffic| {
        vec![
            name.to_owned(),
            traffic.requests.to_string(),
            traffic.requests_each.to_string(),
            traffic.backends.to_string(),
            moved(traffic.sent),
            moved(traffic.received),
        ]
    };
    let named = [
        ("put", &costs.put),
        ("get", &costs.get),
        ("verify", &costs.verify),
        ("delete", &costs.delete),
        ("rebuild one share: read", &costs.rebuild),
    ];
    rows.extend(named.iter().map(|(name, traffic)| row(name, traffic)));
    let (each, bytes) = (costs.put.requests_each, costs.bytes_each);
    for (name, sent, received) in [("write", bytes, 0), ("read back", 0, bytes)] {
        rows.push(vec![
            format!("                   {name}"),
            each.to_string(),
            each.to_string(),
            "1".to_owned(),
            moved(sent),
            moved(received),
        ]);
    }
    let table = columns(&[Left, Right, Right, Right, Right, Right], &rows);
    lines.extend(table.into_iter().map(|line| format!("  {line}")));
    lines
}

fn moved(bytes: u64) -> String {
    if bytes == 0 { "-".to_owned() } else { human_bytes(bytes) }
}

fn chances(report: &Report, availability: &Availability) -> Vec<String> {
    let put = match report.needed.durable {
        durable if durable < report.n => {
            format!("put ({durable} durable, {} in all)", report.needed.total.max(durable))
        }
        durable => format!("put (all {durable})"),
    };
    let mut rows = vec![
        (format!("read ({} of {} up)", report.k, report.n), Some(&availability.read)),
        (format!("{put}, no spares"), Some(&availability.put)),
    ];
    if report.backends.iter().any(|row| row.role == "spare") {
        rows.push((format!("{put}, with spares"), availability.put_with_spares.as_ref()));
    }
    rows.push((format!("all {} shares there", report.n), Some(&availability.all)));
    let mut lines = vec!["availability, and the time a year that it isn't so".to_owned()];
    let down = |chance: Chance| duration(chance.failure * YEAR);
    lines.extend(table(&rows, down));
    lines
}

fn kept(report: &Report, kept: &Chances) -> Vec<String> {
    let mut lines =
        vec!["durability: an object is still there after a year in which nothing is repaired".to_owned()];
    let rows = [(format!("{} of {} shares left", report.k, report.n), Some(kept))];
    lines.extend(table(&rows, |chance| format!("lost: {}", small(chance.failure))));
    lines
}

/// A line for each, with a second pair of columns where common causes were given.
fn table(rows: &[(String, Option<&Chances>)], more: impl Fn(Chance) -> String) -> Vec<String> {
    use Side::{Left, Right};
    let has_common =
        rows.iter().any(|(_, chances)| chances.is_some_and(|chances| chances.together.is_some()));
    let mut cells = Vec::new();
    if has_common {
        let head = ["", "each by itself", "", "with what is common", ""];
        cells.push(head.map(str::to_owned).to_vec());
    }
    let pair = |chance: Chance| [percent(chance), more(chance)];
    for (name, chances) in rows {
        let mut row = vec![name.clone()];
        match chances {
            None => row.push("depends on which ones are up".to_owned()),
            Some(chances) => {
                row.extend(pair(chances.alone));
                row.extend(chances.together.into_iter().flat_map(pair));
            }
        }
        cells.push(row);
    }
    let sides = [Left, Right, Right, Right, Right];
    columns(&sides, &cells).into_iter().map(|line| format!("  {line}")).collect()
}

/// With as many nines as there are, and two digits more.
fn percent(chance: Chance) -> String {
    if chance.failure <= 0.0 {
        return "100 %".to_owned();
    }
    let nines = (-(chance.failure * 100.0).log10()).ceil();
    if nines > 12.0 {
        return format!("100 % - {}", small(chance.failure));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 1 to 14")]
    let digits = (nines.max(0.0) as usize) + 2;
    format!("{:.digits$} %", chance.probability * 100.0)
}

/// A probability in two digits.
fn small(probability: f64) -> String {
    if probability == 0.0 { "0".to_owned() } else { format!("{probability:.1e}") }
}

fn duration(seconds: f64) -> String {
    const UNITS: [(&str, f64); 4] = [("d", 86_400.0), ("h", 3600.0), ("min", 60.0), ("s", 1.0)];
    match UNITS.iter().find(|(_, length)| seconds >= *length) {
        Some((unit, length)) => format!("{:.1} {unit}", seconds / length),
        None if seconds == 0.0 => "never".to_owned(),
        None if seconds < 0.001 => "< 1 ms".to_owned(),
        None => format!("{:.0} ms", seconds * 1000.0),
    }
}

/// What somebody should know who isn't told by a number.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    for power in &report.power {
        let Some(label) = &power.label else { continue };
        for value in &power.values {
            let name = printable(&value.name);
            if value.shares >= report.k {
                notes.push(format!(
                    "one {label}, {name}, has {} shares and can read: spread = [\"{label}\"] under [placement] forbids that",
                    value.shares
                ));
            } else if let Some(most) = value.most_shares.filter(|most| *most >= report.k) {
                notes.push(format!(
                    "one {label}, {name}, may get {most} shares and read, when spares take over: spread = [\"{label}\"] \
                     under [placement] forbids that"
                ));
            }
        }
    }
    let essential: Vec<&str> =
        report.backends.iter().filter(|row| row.essential).map(|row| &*row.backend_id).collect();
    if !essential.is_empty() && essential.len() < report.backends.len() {
        notes.push(format!("no spare can take the place of {}: the rules leave none", essential.join(", ")));
    }
    let has_causes =
        report.availability.as_ref().is_some_and(|availability| availability.read.together.is_some());
    if report.availability.is_some() && !has_causes {
        let shared = report.power.iter().filter(|power| power.values.iter().any(|value| value.shares > 1));
        let labels: Vec<&str> = shared.filter_map(|power| power.label.as_deref()).collect();
        if let Some(label) = labels.first() {
            notes.push(format!(
                "backends with one value of {} may fail together: say how probable that is with --availability \
                 {label}:VALUE=P",
                labels.join(", ")
            ));
        }
    }
    let note = |note: &String| {
        let words: Vec<String> = note.split(' ').map(str::to_owned).collect();
        wrapped("note: ", &words, WIDTH)
    };
    notes.iter().flat_map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nines_are_not_rounded_away() {
        let of = |failure: f64| percent(Chance { probability: 1.0 - failure, failure });
        assert_eq!(of(0.0), "100 %");
        assert_eq!(of(0.5), "50.00 %");
        assert_eq!(of(0.001), "99.900 %");
        assert_eq!(of(2.998e-6), "99.999700 %");
        assert_eq!(of(9.9e-7), "99.9999010 %");
        assert_eq!(of(3e-22), "100 % - 3.0e-22");
        assert_eq!(of(1.0), "0.00 %");
    }

    #[test]
    fn times_of_a_year() {
        assert_eq!(duration(0.001 * YEAR), "8.8 h");
        assert_eq!(duration(90.0), "1.5 min");
        assert_eq!(duration(0.05), "50 ms");
        assert_eq!(duration(1e-9), "< 1 ms");
        assert_eq!(duration(0.0), "never");
    }
}
