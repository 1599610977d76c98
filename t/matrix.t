#!/bin/bash
# matrix.t - a quarter of the pairs of requests of which one is a registration; bench/matrix asks all pairs
exec "${0%/*}/../bench/matrix" 4 register
