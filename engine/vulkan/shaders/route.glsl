// turn returns the choice that experts take as number j: token by token, or all first choices in a given order of the tokens, then all
// second ones, and so on.

layout(constant_id = 0) const bool ORDERED = false;

#define TURN(j) (ORDERED ? uint(order.v[(j) % tokens]) * k + (j) / tokens : (j))
