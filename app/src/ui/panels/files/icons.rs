//! What a row begins with, drawn: fonts have no folders.

use egui::{Color32, Painter, Rect, Shape, Stroke, pos2};

/// Points right when folded, down when not.
pub(super) fn arrow(painter: &Painter, place: Rect, is_folded: bool, color: Color32) {
    let place = place.shrink(1.0);
    let points = match is_folded {
        true => vec![place.left_top(), place.right_center(), place.left_bottom()],
        false => vec![place.left_top(), place.right_top(), place.center_bottom()],
    };
    painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// A folder with its tab.
pub(super) fn folder(painter: &Painter, place: Rect, color: Color32) {
    let tab = Rect::from_min_max(
        pos2(place.left(), place.top() + 1.0),
        pos2(place.center().x, place.top() + 4.0),
    );
    painter.rect_filled(tab, 1.0, color);
    painter.rect_filled(place.with_min_y(place.top() + 3.0), 1.0, color);
}

/// A sheet with a folded corner.
pub(super) fn file(painter: &Painter, place: Rect, color: Color32) {
    let sheet = place.shrink2(egui::vec2(1.5, 0.0));
    let corner = sheet.width() * 0.4;
    let points = vec![
        sheet.left_top(),
        pos2(sheet.right() - corner, sheet.top()),
        pos2(sheet.right(), sheet.top() + corner),
        sheet.right_bottom(),
        sheet.left_bottom(),
    ];
    painter.add(Shape::closed_line(points, Stroke::new(1.2, color)));
    let fold = vec![
        pos2(sheet.right() - corner, sheet.top()),
        pos2(sheet.right() - corner, sheet.top() + corner),
        pos2(sheet.right(), sheet.top() + corner),
    ];
    painter.add(Shape::line(fold, Stroke::new(1.2, color)));
}

/// An arrow that leads elsewhere.
pub(super) fn link(painter: &Painter, place: Rect, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    let place = place.shrink(1.0);
    painter.line_segment([place.left_bottom(), place.right_top()], stroke);
    painter.line_segment([place.right_top(), pos2(place.center().x, place.top())], stroke);
    painter.line_segment([place.right_top(), pos2(place.right(), place.center().y)], stroke);
}
