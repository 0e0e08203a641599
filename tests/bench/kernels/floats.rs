//! Bodies that attract each other.

#[derive(Clone, Copy)]
struct Body {
    at: [f64; 3],
    speed: [f64; 3],
    mass: f64,
}

/// Five bodies, twenty steps.
pub fn nbody(seed: u32) -> u32 {
    let mut bodies = [Body { at: [0.0; 3], speed: [0.0; 3], mass: 1.0 }; 5];
    for (number, body) in bodies.iter_mut().enumerate() {
        let far = 1.0 + number as f64 * 1.5 + f64::from(seed & 7) * 0.01;
        body.at = [far, far * 0.3, -far * 0.1];
        body.speed = [0.1 / far, 0.5 / far, 0.05];
        body.mass = if number == 0 { 39.5 } else { 0.01 * far };
    }
    for _ in 0..20 {
        advance(&mut bodies, 0.01);
    }
    bodies.iter().fold(0.0, |sum, body| sum + body.at[0] + body.speed[1]).to_bits() as u32
}

fn advance(bodies: &mut [Body; 5], step: f64) {
    for first in 0..5 {
        for second in first + 1..5 {
            let mut apart = [0.0; 3];
            let mut square = 0.0;
            for axis in 0..3 {
                apart[axis] = bodies[first].at[axis] - bodies[second].at[axis];
                square += apart[axis] * apart[axis];
            }
            let pull = step / (square * root(square));
            let (mass, other) = (bodies[first].mass, bodies[second].mass);
            for axis in 0..3 {
                bodies[first].speed[axis] -= apart[axis] * other * pull;
                bodies[second].speed[axis] += apart[axis] * mass * pull;
            }
        }
    }
    for body in bodies {
        for axis in 0..3 {
            body.at[axis] += step * body.speed[axis];
        }
    }
}

/// A square root by Newton's method: `core` has none.
fn root(square: f64) -> f64 {
    let mut guess = f64::from_bits((square.to_bits() >> 1) + 0x1ff8_0000_0000_0000);
    for _ in 0..4 {
        guess = 0.5 * (guess + square / guess);
    }
    guess
}
