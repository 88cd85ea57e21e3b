// Places in the figures of a training step, as in engine/backend.go.
const uint FIGURE_LOSS = 0, FIGURE_NORM = 1, FIGURE_SCALE = 2, FIGURE_OK = 3;
