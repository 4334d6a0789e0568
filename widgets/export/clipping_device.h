// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <QPaintDevice>
#include <memory>

namespace ergo {

/// Draws on another device what is painted here, with lines, areas and images cut at the clip
/// rectangle beforehand: QSvgGenerator ignores clips, so that curves would leave their axes and
/// the page. Clips are taken as rectangles; a text is drawn whole or, outside, not at all. A line
/// may stand out by half its width. The target outlives this device.
class ClippingDevice : public QPaintDevice {
 public:
  explicit ClippingDevice(QPaintDevice* target);
  ~ClippingDevice() override;
  QPaintEngine* paintEngine() const override;

 protected:
  int metric(PaintDeviceMetric metric) const override;

 private:
  QPaintDevice* m_target;
  std::unique_ptr<QPaintEngine> m_engine;
};

}  // namespace ergo
