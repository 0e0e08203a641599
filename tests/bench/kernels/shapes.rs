//! Calls through tables of methods.

use crate::Random;

trait Shape {
    fn area(&self, scale: u32) -> u32;
    fn corners(&self) -> u32;
}

struct Square(u32);
struct Rectangle(u32, u32);
struct Circle(u32);
struct Hidden;

impl Shape for Square {
    fn area(&self, scale: u32) -> u32 {
        self.0.wrapping_mul(self.0).wrapping_mul(scale)
    }
    fn corners(&self) -> u32 {
        4
    }
}

impl Shape for Rectangle {
    fn area(&self, scale: u32) -> u32 {
        self.0.wrapping_mul(self.1).wrapping_mul(scale)
    }
    fn corners(&self) -> u32 {
        4
    }
}

impl Shape for Circle {
    fn area(&self, scale: u32) -> u32 {
        self.0.wrapping_mul(self.0).wrapping_mul(scale).wrapping_mul(355) / 113
    }
    fn corners(&self) -> u32 {
        0
    }
}

impl Shape for Hidden {
    fn area(&self, _: u32) -> u32 {
        0
    }
    fn corners(&self) -> u32 {
        1
    }
}

/// Areas of a thousand shapes of four kinds.
pub fn areas(seed: u32) -> u32 {
    let mut random = Random(seed | 1);
    let (square, rectangle) = (Square(random.next() & 255), Rectangle(3, random.next() & 255));
    let (circle, hidden) = (Circle(random.next() & 255), Hidden);
    let shapes: [&dyn Shape; 4] = [&square, &rectangle, &circle, &hidden];
    let mut sum = 0u32;
    for scale in 0..1000 {
        let shape = shapes[(random.next() >> 7 & 3) as usize];
        sum = sum.wrapping_add(shape.area(scale)).rotate_left(shape.corners());
    }
    sum
}
