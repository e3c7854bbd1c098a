//! What both programs share: the lines that they print, in the form of `seglog bench --json`.

/// What a program was asked to do.
pub struct Load {
    pub directory: std::path::PathBuf,
    pub records: u64,
    pub record_bytes: usize,
    /// The limit `rewrite` takes it for records of a key, of which it keeps one.
    pub batch_records: u64,
    pub rounds: u32,
}

/// The positional arguments `DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS`, behind the work's name.
pub fn load_from(args: &[String]) -> Result<Load, String> {
    let [directory, numbers @ ..] = args else {
        return Err("usage: WORK DIR RECORDS RECORD_BYTES BATCH_RECORDS ROUNDS".to_owned());
    };
    let number = |at: usize| -> Result<u64, String> {
        let text = numbers.get(at).ok_or_else(|| format!("number {} is missing", at + 1))?;
        text.parse().map_err(|_| format!("not a number: {text}"))
    };
    Ok(Load {
        directory: directory.into(),
        records: number(0)?,
        record_bytes: number(1)? as usize,
        batch_records: number(2)?.max(1),
        rounds: number(3)? as u32,
    })
}

/// Prints one round.
pub fn report(peer: &str, work: &str, round: u32, records: u64, bytes: u64, seconds: f64) {
    let seconds = seconds.max(1e-6);
    println!(
        "{{\"peer\":\"{peer}\",\"work\":\"{work}\",\"round\":{round},\"records\":{records},\"bytes\":{bytes},\
         \"seconds\":{seconds:.6},\"recordsPerSecond\":{:.0},\"megabytesPerSecond\":{:.1}}}",
        records as f64 / seconds,
        bytes as f64 / 1e6 / seconds,
    );
}

/// A small generator of even numbers, the same in each run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 11) * u128::from(bound)) >> 53) as u64
    }
}

/// 1024 values of random letters A to Z, as those that `seglog bench` appends.
pub fn random_values(record_bytes: usize) -> Vec<Vec<u8>> {
    let mut random = Random::new(1);
    (0..1024).map(|_| (0..record_bytes).map(|_| b'A' + random.below(26) as u8).collect()).collect()
}
