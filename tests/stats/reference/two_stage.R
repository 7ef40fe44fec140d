# Reference values from R's survey package for two-stage designs and for differences of domains.
# From the root of the repository: Rscript tests/stats/reference/two_stage.R (Debian: r-cran-survey)
# two_stage.csv is invented; two_stage_estimates.csv, two_stage_differences.csv, two_stage_covariances.csv,
# two_stage_tests.csv and two_stage_quantiles.csv are written.
suppressMessages(library(survey))
setwd("tests/stats/reference")
made_by <- sprintf("# %s, survey %s; written by two_stage.R",
                   sub(" Patched", "", sub(" \\(.*", "", R.version.string)), packageVersion("survey"))
save_reference <- function(name, rows) {
  rows <- do.call(rbind, rows)
  numeric <- vapply(rows, is.double, TRUE)
  rows[numeric] <- lapply(rows[numeric], function(x) vapply(x, format, "", digits = 17))
  file <- file(paste0("two_stage_", name, ".csv"), open = "w")
  writeLines(made_by, file)
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
  close(file)
}

every <- read.csv("two_stage.csv", colClasses = c(psu = "character"))
every$weight <- every$N / every$n * every$M / every$m
every$adjusted <- every$weight * every$adjust
every$f1 <- every$n / every$N
every$f2 <- every$m / every$M
every$code <- paste(every$stratum, every$psu)
every$all <- 90
lone_at_2 <- every$stratum == "D" & every$psu == "05"  # one unit of several at the second stage
# Stratum L has one cluster of seven, stratum C is taken completely.
staged <- every[every$stratum != "L" & !lone_at_2, ]
staged$n[staged$stratum == "D"] <- 4
staged$weight <- staged$N / staged$n * staged$M / staged$m
staged$f1 <- staged$n / staged$N
staged$adjusted <- staged$weight * staged$adjust
both <- function(data) svydesign(~psu + ssu, strata = ~stratum, fpc = ~N + M, data = data, nest = TRUE)
designs <- list(
  two_stage = both(staged),
  fractions = svydesign(~psu + ssu, strata = ~stratum, fpc = ~f1 + f2, data = staged, nest = TRUE),
  replacement = svydesign(~psu, strata = ~stratum, weights = ~weight, data = staged, nest = TRUE),
  weighted = svydesign(~psu + ssu, strata = ~stratum, fpc = ~N + M, weights = ~adjusted, data = staged,
                       nest = TRUE),
  unstratified = svydesign(~code + ssu, fpc = ~all + M, data = staged)
)
designs$poststratified <- postStratify(designs$two_stage, ~group,
                                       data.frame(group = c("a", "b", "c"), Freq = c(250, 180, 70)))
estimates <- list()
add <- function(...) estimates[[length(estimates) + 1]] <<- data.frame(...)
estimate <- function(name, domain, whole) {
  design <- if (domain == "") whole else subset(whole, eval(parse(text = domain)))
  df <- degf(design)
  m <- svymean(~y, design, deff = TRUE)
  s <- svytotal(~z, design, deff = TRUE)
  r <- svyratio(~y, ~z, design, deff = TRUE)
  p <- svymean(~yes, design, deff = TRUE)
  t <- function(estimate) confint(estimate, df = df)
  row <- function(what, x, span, deff) add(design = name, domain, what, value = coef(x)[[1]], se = SE(x)[[1]],
                                           df, low = span[1], high = span[2], deff)
  row("mean", m, t(m), deff(m)[[1]])
  row("total", s, t(s), deff(s)[[1]])
  row("ratio", r, t(r), deff(r)[[1]])
  row("share", p, confint(svyciprop(~yes, design, method = "xlogit", df = df)), deff(p)[[1]])
}
domains <- c("", "group == 'a'", "stratum > 'B'", "stratum == 'C'")
for (name in names(designs)) for (domain in domains) estimate(name, domain, designs[[name]])
for (lonely in c("certainty", "adjust", "average")) {
  options(survey.lonely.psu = lonely)
  data <- if (lonely == "average") every[!lone_at_2, ] else every
  data$n[data$stratum == "D" & lonely == "average"] <- 4
  for (domain in domains[1:2]) estimate(lonely, domain, both(data))
}
options(survey.lonely.psu = "fail")
save_reference("estimates", estimates)

# Differences of domains. This version's svyby(covmat = TRUE) leaves out the covariances of linearised designs
# (later ones have them), so that svycontrast works here on totals, whose covariances are all there.
differences <- list()
covariances <- list()
tests <- list()
for (name in c("two_stage", "replacement", "weighted")) {
  design <- designs[[name]]
  design <- update(design, a = as.numeric(group == "a"), b = as.numeric(group == "b"), c = as.numeric(group == "c"))
  design <- update(design, ya = y * a, yb = y * b, za = z * a, zb = z * b)
  totals <- svytotal(~ya + yb + za + zb + a + b, design)
  pair <- subset(design, group != "c")
  for (what in c("mean", "ratio")) {
    d <- if (what == "mean") svycontrast(totals, quote(ya / a - yb / b))
         else svycontrast(totals, quote(ya / za - yb / zb))
    span <- confint(d, df = degf(pair) - 1)
    differences[[length(differences) + 1]] <- data.frame(
      design = name, what, value = coef(d)[[1]], se = SE(d)[[1]], df = degf(pair) - 1, low = span[1], high = span[2])
  }
  of_groups <- vcov(svyglm(y ~ 0 + group, design))
  for (i in 1:3) for (j in 1:3) covariances[[length(covariances) + 1]] <- data.frame(
    design = name, first = c("a", "b", "c")[i], second = c("a", "b", "c")[j], covariance = of_groups[i, j])
  keep <- function(test, domain, x, df1, df2) tests[[length(tests) + 1]] <<- data.frame(
    design = name, domain, test, statistic = x$statistic[[1]], df1, df2, p = x$p.value[[1]])
  t <- svyttest(y ~ group, pair)
  keep("t", "", t, 1, t$parameter[[1]])
  for (domain in c("", "age == 'old'")) {
    part <- if (domain == "") design else subset(design, eval(parse(text = domain)))
    f <- svychisq(~yes + group, part, statistic = "F")
    keep("F", domain, f, f$parameter[[1]], f$parameter[[2]])
    x <- svychisq(~yes + group, part, statistic = "Chisq")
    keep("Chisq", domain, x, x$parameter[[1]], Inf)
  }
}
save_reference("differences", differences)
save_reference("covariances", covariances)
save_reference("tests", tests)

# Where the share asked for is below that of the least value, this version gives the one above it.
quantiles <- list()
for (name in c("two_stage", "replacement", "weighted", "unstratified")) for (domain in domains[1:3]) {
  design <- designs[[name]]
  if (domain != "") design <- subset(design, eval(parse(text = domain)))
  q <- svyquantile(~y, design, c(0.1, 0.25, 0.5, 0.9), qrule = "math", interval.type = "mean", df = degf(design))$y
  quantiles[[length(quantiles) + 1]] <- data.frame(
    design = name, domain, p = c(0.1, 0.25, 0.5, 0.9), value = q[, 1], low = q[, 2], high = q[, 3])
}
# Equal weights: the sum of weights meets a quantile exactly.
plain <- svydesign(~1, data = data.frame(y = c(3, 1, 4, 1, 5, 9, 2, 6, 5, 3)), weights = rep(1, 10))
q <- svyquantile(~y, plain, c(0.1, 0.3, 0.5, 0.8), qrule = "math", ci = FALSE)$y
quantiles[[length(quantiles) + 1]] <- data.frame(
  design = "plain", domain = "", p = c(0.1, 0.3, 0.5, 0.8), value = as.vector(q), low = NA_real_, high = NA_real_)
save_reference("quantiles", quantiles)
