//! What holds for policies as a whole.

mod broader;
mod documented;
mod evaluation;
mod generator;
mod judged;
mod laws;
mod pairs;
mod services;
mod shapes;
mod statements;
mod verdicts;
mod weak;
