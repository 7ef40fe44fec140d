# Reference values from R's survey package for tests of districts whose rows come in clusters (communities).
# From the root of the repository: Rscript tests/stats/reference/clusters.R (Debian: r-cran-survey)
# roster.csv is invented; clusters.csv and clusters_tests.csv are written.
suppressMessages(library(survey))
setwd("tests/stats/reference")
made_by <- sprintf("# %s, survey %s; written by clusters.R",
                   sub(" Patched", "", sub(" \\(.*", "", R.version.string)), packageVersion("survey"))
save_reference <- function(name, rows) {
  numeric <- vapply(rows, is.double, TRUE)
  rows[numeric] <- lapply(rows[numeric], function(x) vapply(x, format, "", digits = 17))
  file <- file(paste0(name, ".csv"), open = "w")
  writeLines(made_by, file)
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
  close(file)
}
roster <- read.csv("roster.csv")
roster$long <- as.numeric(roster$years >= 8)
roster$district <- factor(roster$district)
drawn <- svydesign(ids = ~community, strata = ~district, weights = ~1, data = roster)

# Means and shares by district with errors that respect clusters, as Welch's tests of districts take them.
income <- svyby(~income, ~district, drawn, svymean)
long <- svyby(~long, ~district, drawn, svymean)
save_reference("clusters", data.frame(district = income$district, income = income$income, income_se = income$se,
                                      long = long$long, long_se = long$se))

# Whether the districts differ: the working Wald test with Satterthwaite's approximation of Rao and Scott, and its
# mean design effect; for shares svychisq too, which takes p(1 - p) from each district and not from the city.
tested <- function(value) {
  model <- svyglm(reformulate("district", value), drawn)
  wald <- regTermTest(model, ~district, method = "WorkingWald", lrt.approximation = "satterthwaite")
  within <- sum(residuals(lm(reformulate("district", value), roster))^2) / (nrow(roster) - nlevels(roster$district))
  data.frame(value, statistic = wald$chisq[[1]] / sum(wald$lambda), df = sum(wald$lambda)^2 / sum(wald$lambda^2),
             df_error = wald$ddf, p = wald$p[[1]], deff = mean(wald$lambda) / within)
}
tests <- rbind(tested("long"), tested("income"))
tests$svychisq <- c(svychisq(~long + district, drawn, statistic = "F")$p.value[[1]], NA)
save_reference("clusters_tests", tests)
