//! Reports as aligned text.

use core::fmt::Write;

use crate::host::Host;
use crate::measure::Spread;
use crate::report::{Bound, Floor, Peak, Report, Row, Section, Unit, as_f64};

/// The whole report.
pub(crate) fn report(report: &Report) -> String {
    let mut text = host(&report.host);
    for section in report.sections.iter().filter(|section| !section.rows.is_empty()) {
        text.push_str(&self::section(section));
    }
    text.push_str(&peaks(&report.peaks));
    text.push_str(&floors(&report.floors, report.quick));
    text
}

fn host(host: &Host) -> String {
    let line = |name: &str, value: String| vec![name.to_owned(), value];
    let mut lines = vec![
        line("CPU", host.cpu.clone()),
        line("cores", host.cores.to_string()),
        line("system", host.system.clone()),
        line("instructions", host.features.join(" ")),
        line("XOR kernel", host.kernel.to_owned()),
        line("built by", format!("{}, opt-level {}", host.rustc, host.opt_level)),
        line("time", format!("{}, one thread", host.clock)),
    ];
    lines.extend(host.load.map(|load| line("load", format!("{load:.2}"))));
    let mut text = aligned(&lines, &[Side::Left, Side::Left]);
    if host.opt_level != "3" {
        text.push_str("Not built for speed: run it with `--release`.\n");
    }
    text
}

fn section(section: &Section) -> String {
    let mut names: Vec<&'static str> = Vec::new();
    for ratio in section.rows.iter().flat_map(|row| &row.ratios) {
        if !names.contains(&ratio.name) {
            names.push(ratio.name);
        }
    }
    let mut header = ["what", "size"].map(str::to_owned).to_vec();
    header.extend(columns(section.unit).map(str::to_owned));
    header.extend(names.iter().map(|&name| name.to_owned()));
    let mut rows = vec![header];
    rows.extend(section.rows.iter().map(|row| cells(row, section.unit, &names)));

    let mut sides = vec![Side::Left];
    sides.resize(5 + names.len(), Side::Right);
    let mut text = format!("\n{}\n", section.title);
    for note in &section.notes {
        let _ = writeln!(text, "  {note}");
    }
    if let Some(file_system) = &section.file_system {
        let _ = writeln!(text, "  File system: {file_system}.");
    }
    text.push_str(&aligned(&rows, &sides));
    text
}

const fn columns(unit: Unit) -> [&'static str; 3] {
    match unit {
        Unit::Cpu => ["us per call", "GB/s", "wall GB/s"],
        Unit::Wall => ["wall ms per call", "CPU ms", "wall GB/s"],
        Unit::Objects => ["wall us per object", "CPU us", "objects/s"],
    }
}

/// What stands in the [`columns`].
fn figures(unit: Unit, row: &Row) -> [f64; 3] {
    let (cpu, wall) = (row.micros.median, row.wall_micros.median);
    match unit {
        Unit::Cpu => [cpu, row.gb_per_s.median, row.wall_gb_per_s.median],
        Unit::Wall => [wall / 1e3, cpu / 1e3, row.wall_gb_per_s.median],
        Unit::Objects => {
            let objects = as_f64(row.objects);
            [wall / objects, cpu / objects, objects / wall * 1e6]
        }
    }
}

fn cells(row: &Row, unit: Unit, ratios: &[&'static str]) -> Vec<String> {
    let mut cells = vec![row.what.clone(), row.size.clone()];
    cells.extend(figures(unit, row).map(number));
    for name in ratios {
        let ratio = row.ratios.iter().find(|ratio| ratio.name == *name);
        cells.push(ratio.map_or_else(String::new, |ratio| spread(ratio.spread)));
    }
    cells
}

fn peaks(peaks: &[Peak]) -> String {
    if peaks.is_empty() {
        return String::new();
    }
    let mut rows = vec![["what", "size", "MiB, put", "MiB, put and get"].map(str::to_owned).to_vec()];
    rows.extend(
        peaks.iter().map(|peak| {
            vec![peak.what.clone(), peak.size.clone(), number(peak.put_mib), number(peak.all_mib)]
        }),
    );
    let mut text = "\nMemory: the most that a process held which did nothing else\n".to_owned();
    text.push_str(&aligned(&rows, &[Side::Left, Side::Right, Side::Right, Side::Right]));
    text
}

fn floors(floors: &[Floor], quick: bool) -> String {
    if floors.is_empty() {
        return "\nNo floor was measured.\n".to_owned();
    }
    let rows = floors.iter().map(|floor| {
        let bound = match floor.bound {
            Bound::AtLeast(bound) => format!("at least {}", number(bound)),
            Bound::AtMost(bound) => format!("at most {}", number(bound)),
        };
        let mut measured = format!("{}, {bound}", spread(floor.measured));
        if let Some(of_memory) = floor.of_memory {
            measured.push_str(&format!("; moves bytes at {} of memcpy", number(of_memory)));
        }
        vec![floor.verdict().to_owned(), floor.what.clone(), measured]
    });
    let mut text = "\nFloors\n".to_owned();
    text.push_str(&aligned(&rows.collect::<Vec<_>>(), &[Side::Left, Side::Left, Side::Left]));
    if quick {
        text.push_str(
            "A quick run judges nobody: its figures are rough, and the exit code doesn't depend on them.\n",
        );
    }
    text
}

/// Median, and in parentheses the ends.
fn spread(spread: Spread) -> String {
    format!("{} ({}-{})", number(spread.median), number(spread.min), number(spread.max))
}

/// Three significant digits, or all digits before the point.
fn number(value: f64) -> String {
    // The thresholds are where rounding reaches the next power of ten.
    let decimals = match value.abs() {
        99.95.. => 0,
        9.995.. => 1,
        0.9995.. => 2,
        0.09995.. => 3,
        _ => 4,
    };
    format!("{value:.decimals$}")
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Columns two spaces apart; `sides` has a side for each.
fn aligned(rows: &[Vec<String>], sides: &[Side]) -> String {
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|c| c.chars().count()).max();
    let widths: Vec<usize> = (0..sides.len()).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for ((cell, side), &width) in row.iter().zip(sides).zip(&widths) {
            let _ = match side {
                Side::Left => write!(line, "  {cell:<width$}"),
                Side::Right => write!(line, "  {cell:>width$}"),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
