// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QByteArray>
#include <QString>

namespace ergo {

class Plot;
struct FigureSpec;

/// What a figure shows, as the JSON text that lies beside and inside it (FORMAT.md, "Figures"):
/// the preset as run, seed, versions, draws, the view, and the SHA-256 of its numbers. No dates
/// and no seconds: the same run gives the same bytes. ASCII.
QByteArray figureRecord(const Plot& copy, const FigureSpec& spec, const QByteArray& csv);

}  // namespace ergo
