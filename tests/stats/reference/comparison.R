# Reference values from R for comparing districts. From the root of the repository:
# Rscript tests/stats/reference/comparison.R   (base R and sandwich: Debian's r-cran-sandwich)
# counts.csv, areas.csv and roster.csv are invented; comparison_*.csv are written.
library(sandwich)
setwd("tests/stats/reference")
made_by <- sprintf("# %s, sandwich %s; written by comparison.R",
                   sub(" Patched", "", sub(" \\(.*", "", R.version.string)), packageVersion("sandwich"))
save_reference <- function(name, rows) {
  numeric <- vapply(rows, is.double, TRUE)
  rows[numeric] <- lapply(rows[numeric], function(x) vapply(x, format, "", digits = 17))
  file <- file(paste0("comparison_", name, ".csv"), open = "w")
  writeLines(made_by, file)
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
  close(file)
}

# Pairs of counts: chi-square without correction, or Fisher's where an expected count is below 5; Newcombe's
# interval from prop.test's Wilson bounds.
counts <- subset(read.csv("counts.csv", comment.char = "#", colClasses = c(district = "character")),
                 indicator %in% c("certified", "rented", "compliant"))
wilson <- function(k, n) suppressWarnings(prop.test(k, n, correct = FALSE)$conf.int)
pairs <- do.call(rbind, lapply(unique(counts$indicator), function(name) {
  part <- counts[counts$indicator == name, ]
  two <- combn(nrow(part), 2)
  rows <- do.call(rbind, apply(two, 2, function(ij) {
    k <- part$k[ij]; n <- part$n[ij]; p <- k / n
    least <- min(n) * min(sum(k) / sum(n), 1 - sum(k) / sum(n))
    value <- if (sum(k) %in% c(0, sum(n))) 1 else if (least < 5) fisher.test(cbind(k, n - k))$p.value else
      suppressWarnings(prop.test(k, n, correct = FALSE))$p.value
    a <- wilson(k[1], n[1]); b <- wilson(k[2], n[2])
    data.frame(indicator = name, district = part$district[ij[1]], other = part$district[ij[2]],
               low = p[1] - p[2] - sqrt((p[1] - a[1])^2 + (b[2] - p[2])^2),
               high = p[1] - p[2] + sqrt((a[2] - p[1])^2 + (p[2] - b[1])^2), p = value)
  }, simplify = FALSE))
  rows$p_holm <- p.adjust(rows$p, "holm")
  rows
}))
save_reference("pairs", pairs)

# The same districts tested together by 2,000,000 simulated tables.
set.seed(1)
part <- counts[counts$indicator == "compliant", ]
simulated <- chisq.test(cbind(part$k, part$n - part$k), simulate.p.value = TRUE, B = 2e6)
save_reference("simulated", data.frame(indicator = "compliant", statistic = simulated$statistic[[1]],
                                       p = simulated$p.value))

# Means: Welch's tests of all districts and of pairs.
roster <- read.csv("roster.csv")
all <- oneway.test(income ~ district, roster)
two <- combn(unique(roster$district), 2)
welch <- do.call(rbind, apply(two, 2, function(ij) {
  test <- t.test(roster$income[roster$district == ij[1]], roster$income[roster$district == ij[2]])
  data.frame(district = ij[1], other = ij[2], low = test$conf.int[1], high = test$conf.int[2], p = test$p.value)
}, simplify = FALSE))
welch$p_holm <- p.adjust(welch$p, "holm")
save_reference("welch", rbind(welch, data.frame(district = "all", other = "", low = all$statistic[[1]], high = 0,
                                                p = all$p.value, p_holm = all$p.value)))

# The worker-level model: districts against the mean of all, errors clustered on the community.
roster$district <- factor(roster$district)
wide <- model.matrix(~ post, roster)[, -1]
centred <- lm(income ~ 0 + district + I(years - mean(years)) + scale(wide, scale = FALSE), roster)
v <- vcovCL(centred, roster$community, type = "HC1")
size <- as.vector(prop.table(table(roster$district)))
contrast <- cbind(diag(6) - rep(1, 6) %*% t(size), matrix(0, 6, 3))
value <- as.vector(contrast %*% coef(centred)); spread <- contrast %*% v %*% t(contrast)
f <- as.numeric(value[1:5] %*% solve(spread[1:5, 1:5]) %*% value[1:5] / 5)
clusters <- length(unique(roster$community))
save_reference("model", data.frame(district = levels(roster$district), value, se = sqrt(diag(spread)), f,
                                   p = pf(f, 5, clusters - 1, lower.tail = FALSE)))

# McNemar exact; Tango's interval by a numerical maximum of the restricted likelihood, not by its closed form.
score <- function(d, b, c, n) {
  loglik <- function(q) b * log(q + d) + c * log(q) + (n - b - c) * log(1 - 2 * q - d)
  ends <- c(max(0, -d), (1 - d) / 2)
  q <- optimize(loglik, ends, maximum = TRUE, tol = 1e-14)$maximum
  (b - c - n * d) / sqrt(n * (2 * q + d - d^2))
}
tango <- function(b, c, n) {
  z <- qnorm(0.975); seen <- (b - c) / n
  c(uniroot(function(d) score(d, b, c, n) - z, c(-0.9999, seen), tol = 1e-13)$root,
    uniroot(function(d) score(d, b, c, n) + z, c(seen, 0.9999), tol = 1e-13)$root)
}
paired <- data.frame(gained = c(12L, 1L, 9L, 25L, 4L), lost = c(2L, 7L, 9L, 3L, 1L), n = c(45L, 20L, 60L, 361L, 11L))
spans <- mapply(tango, paired$gained, paired$lost, paired$n)
paired$p <- mapply(function(b, c) binom.test(b, b + c)$p.value, paired$gained, paired$lost)
paired$low <- spans[1, ]; paired$high <- spans[2, ]
save_reference("paired", paired)

# Fay-Herriot: A where the restricted likelihood, from its definition, is largest; the mean squared error by the
# formula of Datta and Lahiri, as mseFH of package sae, which Debian does not carry.
areas <- read.csv("areas.csv")
areas$root <- sqrt(areas$variance)
X <- cbind(1, areas$x); y <- areas$value; D <- areas$variance
restricted <- function(A) {
  V <- A + D; b <- solve(t(X) %*% (X / V), t(X) %*% (y / V)); r <- y - as.vector(X %*% b)
  -0.5 * (sum(log(V)) + as.numeric(determinant(t(X) %*% (X / V))$modulus) + sum(r^2 / V))
}
slope <- function(A, h = 1e-3) (8 * (restricted(A + h) - restricted(A - h)) -
                                  (restricted(A + 2 * h) - restricted(A - 2 * h))) / (12 * h)
A <- uniroot(slope, c(0.5, 30), tol = 1e-13)$root
stopifnot(restricted(A) >= max(sapply(seq(0.01, 50, 0.01), restricted)))
V <- A + D; S <- solve(t(X) %*% (X / V)); b <- S %*% t(X) %*% (y / V); g <- A / V
mse <- g * D + (1 - g)^2 * rowSums((X %*% S) * X) + 2 * (D^2 / V^3) * 2 / sum(1 / V^2)
save_reference("shrunk", data.frame(area = areas$area, variance = A, shrunk = g * y + (1 - g) * as.vector(X %*% b),
                                    mse))

# Rank sets by 200,000 draws, marginal and simultaneous: the step-down of Mogstad, Romano, Shaikh and Wilhelm (2024),
# as csranks does it (cstype = "two-sided", stepdown = TRUE): the family is of ordered pairs, and only the order
# that was rejected leaves it.
set.seed(2)
rank_sets <- function(x, se, family) {
  p <- length(x); z <- matrix(rnorm(200000 * p), ncol = p) %*% diag(se)
  above <- matrix(FALSE, p, p)
  repeat {
    open <- which(family & !above, arr.ind = TRUE)
    s <- sqrt(se[open[, 1]]^2 + se[open[, 2]]^2)
    m <- do.call(pmax, lapply(seq_len(nrow(open)), function(i) (z[, open[i, 1]] - z[, open[i, 2]]) / s[i]))
    fell <- (x[open[, 1]] - x[open[, 2]]) / s > quantile(m, 0.95)
    if (!any(fell)) break
    above[open[fell, , drop = FALSE]] <- TRUE
  }
  list(low = 1 + colSums(above), high = p - rowSums(above))
}
x <- areas$value; se <- areas$root; p <- length(x)
together <- rank_sets(x, se, !diag(p))
own <- sapply(seq_len(p), function(j) {
  family <- matrix(FALSE, p, p); family[j, -j] <- family[-j, j] <- TRUE
  set <- rank_sets(x, se, family); c(set$low[j], set$high[j])
})
save_reference("ranks", data.frame(area = areas$area, rank = as.integer(rank(-x)), low = as.integer(own[1, ]),
  high = as.integer(own[2, ]), low_all = as.integer(together$low), high_all = as.integer(together$high)))

# Dispersion, from the definitions, and the jackknife.
w <- round(100 * areas$variance); group <- ifelse(areas$x < 5, "low", "high")
theil <- function(y, w) { s <- w / sum(w); r <- y / sum(s * y); sum(s * r * log(r)) }
measures <- function(i) {
  y <- x[i]; v <- w[i]; h <- group[i]; s <- v / sum(v); mu <- sum(s * y)
  sums <- tapply(y * v, h, sum); sizes <- tapply(v, h, sum)
  between <- theil(as.vector(sums / sizes), as.vector(sizes))
  within <- sum(sapply(names(sums), function(k) sums[[k]] / sum(sums) * theil(y[h == k], v[h == k])))
  c(cv = sqrt(sum(s * (y - mu)^2)) / mu, gini = sum(outer(s, s) * abs(outer(y, y, "-"))) / 2 / mu,
    theil = theil(y, v), theil_between = between, theil_within = within)
}
full <- measures(seq_len(p)); left <- sapply(seq_len(p), function(i) measures(-i))
save_reference("dispersion", data.frame(measure = names(full), value = full,
  se = apply(left, 1, function(v) sqrt((p - 1) / p * sum((v - mean(v))^2)))))

# Funnel limits: the k, not whole, of which the exact tail has the probability of the level, or the end of the scale.
limit <- function(q, n, t) {
  most <- function(n, t) if (t^n >= q) n else uniroot(function(k) pbeta(t, k, n - k + 1) - q, c(n * t, n), tol = 1e-13)$root
  c(low = 1 - most(n, 1 - t) / n, high = most(n, t) / n)
}
funnel <- do.call(rbind, lapply(c(.47, .98), function(target) do.call(rbind, lapply(c(11, 21, 37, 90, 361), function(n) {
  narrow <- limit(.025, n, target); wide <- limit(.001, n, target)
  data.frame(target, n = as.integer(n), low95 = narrow[["low"]], high95 = narrow[["high"]], low998 = wide[["low"]],
             high998 = wide[["high"]])
}))))
save_reference("funnel", funnel)
